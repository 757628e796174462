"""A stack file that is wrong in many places is looked at as far as a person would read."""

import time
from pathlib import Path

import pytest

from cfscim.config.messages import MOST_PROBLEMS
from cfscim.config.stack_file import LARGEST_FILE, check_stack_file
from tests.repository.workflow_steps import ROOT

GIVEN = (ROOT / "examples" / "Pulumi.okta-prod.yaml").read_text()
SUPERS = "members: [grace@example.com, alan@example.com]"
MANY = 30_000
FORMS = {
    "keys of the object": lambda n: GIVEN + "".join(f"    wrong{i}: 1\n" for i in range(n)),
    "settings": lambda n: GIVEN + "".join(f"  okta:wrong{i}: 1\n" for i in range(n)),
    "keys of the project": lambda n: GIVEN + "".join(f"  wrong{i}: 1\n" for i in range(n)),
    "keys of the file": lambda n: GIVEN + "".join(f"wrong{i}: 1\n" for i in range(n)),
    "addresses": lambda n: GIVEN.replace(
        SUPERS, f"members: [{', '.join(f'p{i}@e a' for i in range(n))}]"
    ),
    "one person": lambda n: GIVEN.replace(SUPERS, f"members: [{'p@example.com, ' * n}]"),
    "keys twice": lambda n: GIVEN + "    breakGlass: []\n" * n,
    "networks": lambda n: GIVEN.replace(
        'rotation: "1"', f"rotation: '1'\n      allowedCidrs: [{', '.join(['1.2.3.4/33'] * n)}]"
    ),
    "credentials": lambda n: (
        GIVEN + "".join(f"  okta:apiToken{i}: 00{'a1B2c3D4' * 5}\n" for i in range(n // 4))
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_many_problems_take_no_longer_than_a_few(form: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(FORMS[form](MANY))
    assert file.stat().st_size < LARGEST_FILE
    begun = time.process_time()
    checked = check_stack_file(file)
    assert time.process_time() - begun < 5
    assert MOST_PROBLEMS < len(checked.problems) <= 3 * MOST_PROBLEMS
    assert "more is wrong from here on" in str(checked.problems[-1])
    assert sum(len(str(problem)) for problem in checked.problems) < 100_000
