"""The SM2 curve (GB/T 32918.5): points, the public point of a secret, and what a signature has to satisfy.

Plain integers, with no care for time: secrets are reckoned with only as a key is loaded, never where anybody
can time it; everything else here is public.
"""

from cryptography.hazmat.primitives import hashes

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
SIGNER = b"1234567812345678"
"""The signer id of GM/T 0009 where none is agreed on."""
Affine = tuple[int, int]
_Jacobian = tuple[int, int, int]
_INFINITY: _Jacobian = (1, 1, 0)


def is_point(point: bytes) -> bool:
    """Whether 64 bytes are a point of the curve."""
    if len(point) != 64:
        return False
    x, y = _affine_of(point)
    return x < P and y < P and (y * y - x * x * x + 3 * x - B) % P == 0


def times(number: int) -> Affine:
    """The public point of a secret between 1 and N."""
    x, y = _affine(_sum(number, 0, G))
    return x, y


def is_signed(point: bytes, message: bytes, r: int, s: int) -> bool:
    """Whether (r, s) is a signature over the message by the key whose public point this is."""
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N and t and is_point(point)):
        return False
    found = _sum(s, t, _affine_of(point))
    return found[2] != 0 and (_digest(point, message) + _affine(found)[0]) % N == r


def _digest(point: bytes, message: bytes) -> int:
    """SM3 of who signs with which key on which curve, and of the message after that."""
    curve = b"".join(number.to_bytes(32) for number in (P - 3, B, *G))
    who = _sm3((len(SIGNER) * 8).to_bytes(2) + SIGNER + curve + point)
    return int.from_bytes(_sm3(who + message))


def _sm3(content: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize()


def _affine_of(point: bytes) -> Affine:
    return int.from_bytes(point[:32]), int.from_bytes(point[32:])


def _sum(of_g: int, of_other: int, other: Affine) -> _Jacobian:
    """of_g times the base point and of_other times the other, bit by bit for both at once."""
    both = _plus((*G, 1), other)
    added = {1: G, 2: other, 3: _affine(both) if both[2] else None}
    found = _INFINITY
    for bit in range(max(of_g.bit_length(), of_other.bit_length()) - 1, -1, -1):
        found = _double(found)
        which = (of_g >> bit & 1) + 2 * (of_other >> bit & 1)
        if which and (one := added[which]) is not None:
            found = _plus(found, one)
    return found


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if not z:
        return _INFINITY
    delta, gamma = z * z % P, y * y % P
    beta, alpha = x * gamma % P, 3 * (x - delta) * (x + delta) % P
    right = (alpha * alpha - 8 * beta) % P
    return (
        right,
        (alpha * (4 * beta - right) - 8 * gamma * gamma) % P,
        ((y + z) * (y + z) - gamma - delta) % P,
    )


def _plus(point: _Jacobian, other: Affine) -> _Jacobian:
    x, y, z = point
    if not z:
        return (*other, 1)
    square = z * z % P
    h, slope = (other[0] * square - x) % P, (other[1] * z * square - y) % P
    if not h:
        return _INFINITY if slope else _double(point)
    hh = h * h % P
    hhh, v = h * hh % P, x * hh % P
    right = (slope * slope - hhh - 2 * v) % P
    return right, (slope * (v - right) - y * hhh) % P, z * h % P


def _affine(point: _Jacobian) -> Affine:
    x, y, z = point
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P
