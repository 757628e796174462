"""A Pulumi program that declares nothing: the least that any program costs."""
