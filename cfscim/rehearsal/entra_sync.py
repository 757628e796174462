"""An application's provisioning job and the credentials it uses.

Source: terraform-provider-azuread 3.9, internal/services/synchronization.
"""

from collections.abc import Collection

from cfscim.rehearsal.handler import Handler, Held, Made, Props, gone_is_fine, items, string, text
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.pages import odata_pages


class Job(Handler):
    """A synchronization job; `enabled` starts and pauses it."""

    replace_on = frozenset({"servicePrincipalId", "templateId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        jobs, template = _jobs(inputs), string(inputs, "templateId")
        for job in odata_pages(self._http, f"/v1.0{jobs}", {}):
            found = f"{jobs}/{string(job, 'id')}"
            if job.get("templateId") == template and found not in taken:
                # Whether it runs is left as it is: another resource starts it, last of all.
                return Made(found, adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        jobs = _jobs(inputs)
        body: Props = {"templateId": inputs.get("templateId")}
        answer = self._http.send(Call("POST", f"/v1.0{jobs}", body=body))
        made = f"{jobs}/{text(answer, 'id')}"
        if inputs.get("enabled") is not False:
            self._run(made, "start")
        return Made(made)

    def update(self, held: Held, inputs: Props) -> Props:
        self._run(held.id, "start" if inputs.get("enabled") is not False else "pause")
        return held.outputs

    def delete(self, held: Held) -> None:
        gone_is_fine(lambda: self._http.send(Call("DELETE", f"/v1.0{held.id}")))

    def _run(self, job: str, step: str) -> None:
        self._http.send(Call("POST", f"/v1.0{job}/{step}", repeatable=True))


class Secret(Handler):
    """The credentials and settings that provisioning uses."""

    replace_on = frozenset({"servicePrincipalId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def create(self, inputs: Props) -> Made:
        self._put(inputs, blank=False)
        return Made(string(inputs, "servicePrincipalId"))

    def update(self, held: Held, inputs: Props) -> Props:
        self._put(inputs, blank=False)
        return held.outputs

    def delete(self, held: Held) -> None:
        """Blanks the values: there is no other way to take them away."""
        gone_is_fine(lambda: self._put(held.inputs, blank=True))

    def _put(self, inputs: Props, *, blank: bool) -> None:
        pairs = items(inputs, "credentials")
        for pair in pairs:
            if pair.get("key") == "SecretToken":
                self._http.hide(string(pair, "value"))
        body: Props = {
            "value": [
                {"key": pair.get("key"), "value": "" if blank else pair.get("value")}
                for pair in pairs
            ]
        }
        path = f"/v1.0{string(inputs, 'servicePrincipalId')}/synchronization/secrets"
        self._http.send(Call("PUT", path, body=body))


def _jobs(inputs: Props) -> str:
    return f"{string(inputs, 'servicePrincipalId')}/synchronization/jobs"
