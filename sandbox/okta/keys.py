"""RSA keys that follow from a seed: they outlive resets and restarts without being stored.

For the sandbox's own service app and SAML certificates only; the seed is the sandbox's random
API token, so no two sandboxes share a key.
"""

import hashlib
from functools import lru_cache
from math import gcd

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

_EXPONENT = 65537
_PRIME_BITS = 1024
_ROUNDS = 12
_SMALL = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]


@lru_cache(maxsize=8)
def rsa_key(seed: str) -> rsa.RSAPrivateKey:
    """The 2048-bit key of a seed; always the same one."""
    p, q = _prime(seed + "/p"), _prime(seed + "/q")
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )  # fmt: skip
    return numbers.private_key()


def pem(key: rsa.RSAPrivateKey) -> str:
    """The private key as PKCS#8 PEM, which every Okta client reads."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _prime(seed: str) -> int:
    digest = hashlib.shake_256(f"rsa:{seed}".encode()).digest(_PRIME_BITS // 8)
    # Both top bits set: the product of two such primes has exactly 2048 bits.
    candidate = int.from_bytes(digest, "big") | (3 << (_PRIME_BITS - 2)) | 1
    while not (gcd(candidate - 1, _EXPONENT) == 1 and _is_prime(candidate, seed)):
        candidate += 2
    return candidate


def _is_prime(n: int, seed: str) -> bool:
    """Miller-Rabin, its bases drawn from the seed too."""
    if any(n % small == 0 for small in _SMALL):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for turn in range(_ROUNDS):
        base = int.from_bytes(hashlib.sha256(f"{seed}/{turn}".encode()).digest(), "big")
        power = pow(base, odd, n)
        if power in (1, n - 1):
            continue
        for _ in range(twos - 1):
            power = pow(power, 2, n)
            if power == n - 1:
                break
        else:
            return False
    return True
