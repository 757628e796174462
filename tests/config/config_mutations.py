"""One bad config object a row: all of them."""

from tests.config.config_rows import Bad
from tests.config.config_rows_entra import ENTRA_ROWS
from tests.config.config_rows_provider import PROVIDER_ROWS
from tests.config.config_rows_roles import ROLE_ROWS
from tests.config.config_rows_token import TOKEN_ROWS

BAD: tuple[Bad, ...] = (*TOKEN_ROWS, *ROLE_ROWS, *PROVIDER_ROWS, *ENTRA_ROWS)
