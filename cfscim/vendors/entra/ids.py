"""Ids of directory objects, bare or as the azuread provider writes them."""


def bare(id_: str) -> str:
    """The id itself, from an id or from a path such as the provider's `/servicePrincipals/<id>`."""
    return id_.rstrip("/").rpartition("/")[2]
