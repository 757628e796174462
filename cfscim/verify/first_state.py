"""The documented first state with Okta's console: one line that says what is waited for.

Until somebody has done the steps by hand and written `apiIntegrationConfirmed: true`, nothing is
assigned or pushed, and everything that follows from it would fail for that one reason.
"""

import re

from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.verify.actions import CONFIRM
from cfscim.verify.report import Question, Verdict, not_yet

_FOLLOWS = re.compile(
    r"okta\.(features|featuresApi|connection|imports|importGroups|renameGroups|assignment"
    r"|push|people)(\.|$)"
    r"|cloudflare\.(members|people|anybody|token\.used|token\.valid|scim\.endpoint"
    r"|roleless|superAdministrators)(\.|$)"
)


def instead(config: ScimConfig, questions: list[Question]) -> list[Question]:
    """The questions with the one line in place of those that nobody can answer before it."""
    okta = config.identity_provider
    if not isinstance(okta, OktaConfig):
        return questions
    if okta.api_integration != "console" or okta.api_integration_confirmed:
        return questions
    kept = [question for question in questions if not _FOLLOWS.match(question.id)]
    follows = len(questions) - len(kept)
    link = next((q.link for q in questions if q.id.startswith("okta.features.")), "")

    def waits() -> Verdict:
        return not_yet(
            "the steps by hand, then apiIntegrationConfirmed: true",
            f"apiIntegrationConfirmed is false; {follows} further checks wait for it",
            None,
            CONFIRM,
        )

    line = Question("okta.console", "Okta", "API integration by hand", "confirmed", link, waits)
    return [line, *kept]
