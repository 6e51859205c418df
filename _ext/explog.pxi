# exp(x), for any x or faster for x <= 0, log(x) in float32, and log(1 + u) for 0 <= u <= 1, without a branch: the
# compiler turns loops over them into SIMD.
#
# Measured against exact values: exp and log are off by at most 1 unit in the last place (NumPy's float32 exp by 2.5,
# its log by 3.7), log1p by at most 2. A loop over the C library's expf takes 7 times as long.
#
# A number beside a float needs its type, <floating>2: Cython writes 2 as 2.0, and C computes with it in double precision.

from cython cimport floating
from libc.math cimport INFINITY, NAN
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* a number's bits and back: memcpy is how C spells it, and costs nothing */
    static inline int32_t bits_of_float(float x) { int32_t bits; memcpy(&bits, &x, 4); return bits; }
    static inline float float_of_bits(int32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
    static inline int64_t bits_of_double(double x) { int64_t bits; memcpy(&bits, &x, 8); return bits; }
    static inline double double_of_bits(int64_t bits) { double x; memcpy(&x, &bits, 8); return x; }
    """
    int32_t bits_of_float(float x) noexcept nogil
    float float_of_bits(int32_t bits) noexcept nogil
    int64_t bits_of_double(double x) noexcept nogil
    double double_of_bits(int64_t bits) noexcept nogil


# exp(x) = 2^n e^r  with  n = round(x / log 2)  and  r = x - n log 2,  |r| <= log(2) / 2.
#
# Adding 1.5 * 2^23 (2^52 in float64) pushes the fraction of x / log 2 out of the number: its last bits are then n, and
# shifted to the place of an exponent they make 2^n. log 2 is subtracted in two parts, the first so short that n times
# it is exact. Below 2^-126 (2^-1022) numbers are subnormal, for which no exponent is left: 2^(n + 32) is made, and
# multiplied by 2^-32 at the end. (e^r - 1 - r) / r^2 is a polynomial, the Chebyshev series computed with 50 digits.
#
# An Intel processor takes some 100 cycles for an operation with a subnormal number, and compilers compute for every x
# what is then used where x is out of bounds. So nothing but the last product may become subnormal.

cdef inline float exp32(float x, float rest) noexcept nogil:
    """e^(x + rest) for -104.1 <= x <= 0 or nan and a small rest, at most 0.1"""
    cdef float shift = 12582912.0
    cdef float shifted = x * <float>1.4426950408889634 + shift
    cdef float n = shifted - shift
    cdef float y = near_0_32((x - n * <float>0.693359375) + n * <float>0.00021219444005469058 + rest)
    cdef uint32_t exponent = <uint32_t>bits_of_float(shifted) + (127 + 32)
    return y * float_of_bits(<int32_t>(exponent << 23)) * <float>2.3283064365386963e-10


cdef inline float near_0_32(float r) noexcept nogil:
    """e^r for |r| <= log(2) / 2"""
    cdef float p = <float>0.0013926191056
    p = p * r + <float>0.0083631850315
    p = p * r + <float>0.041666554572
    p = p * r + <float>0.16666576954
    p = p * r + <float>0.5
    return (p * r + <float>1) * r + <float>1


cdef inline double exp64(double x, double rest) noexcept nogil:
    """e^(x + rest) for -746 <= x <= 0 or nan and a small rest, at most 0.1"""
    cdef double shift = 6755399441055744.0
    cdef double shifted = x * 1.4426950408889634 + shift
    cdef double n = shifted - shift
    cdef double y = near_0_64((x - n * 0.6931471805592082) - n * 7.371002565167799e-13 + rest)
    return y * double_of_bits(<int64_t>((<uint64_t>bits_of_double(shifted) + (1023 + 60)) << 52)) * 8.673617379884035e-19


cdef inline double near_0_64(double r) noexcept nogil:
    """e^r for |r| <= log(2) / 2"""
    cdef double p = 2.5100395159429244017e-8
    p = p * r + 2.7620101012098000228e-7
    p = p * r + 2.7557268439678002354e-6
    p = p * r + 0.000024801521269532121095
    p = p * r + 0.00019841269863066695027
    p = p * r + 0.0013888888917230723233
    p = p * r + 0.0083333333333300592137
    p = p * r + 0.04166666666662409382
    p = p * r + 0.16666666666666667454
    p = p * r + 0.5
    return (p * r + 1) * r + 1


cdef inline floating exp_(floating x) noexcept nogil:
    """e^x for x <= 0 or nan, in the precision of x"""
    cdef floating lowest = -104 if floating is float else -746         # e^lowest rounds to 0
    x = lowest if x < lowest else x
    if floating is float:
        return exp32(x, 0)
    else:
        return exp64(x, 0)


# exp_of_any takes its bounds as arguments: of bounds that a compiler knows (gcc 12) it computes e^bound, then compares
# and chooses among results; bounds that it does not know become one instruction each, the larger or smaller of two.

cdef inline float exp_of_any(float x, float lowest, float highest) noexcept nogil:
    """e^x for any x, as exp32 but for 2^n, which may be too large or too small for a float: it is a product of two

    The bits pushed out are those of n + 254, and half of that is n / 2 + 127.
    """
    cdef float shift = 12582912.0 + 254
    x = lowest if x < lowest else x
    x = highest if x > highest else x
    cdef float shifted = x * <float>1.4426950408889634 + shift
    cdef float n = shifted - shift
    cdef float y = near_0_32((x - n * <float>0.693359375) + n * <float>0.00021219444005469058)
    cdef uint32_t bits = <uint32_t>bits_of_float(shifted), half = bits >> 1
    return y * float_of_bits(<int32_t>(half << 23)) * float_of_bits(<int32_t>((bits - half) << 23))


cdef inline float exp_of_usual(float x) noexcept nogil:
    """exp_of_any for |x| <= 87, where neither 2^n nor e^x is too large or too small"""
    cdef float shift = 12582912.0 + 127
    cdef float shifted = x * <float>1.4426950408889634 + shift
    cdef float n = shifted - shift
    cdef float y = near_0_32((x - n * <float>0.693359375) + n * <float>0.00021219444005469058)
    return y * float_of_bits(<int32_t>(<uint32_t>bits_of_float(shifted) << 23))


cdef inline floating term(floating x) noexcept nogil:
    """e^x for x <= 0 or nan, as a term of a sum that is 1 or more: one that is nothing beside 1 need not be 0

    So none is subnormal, and log 2 is subtracted in one part: a relative error of n 3e-9 in e^x, about 2^n, is none in
    the sum.
    """
    cdef floating shift, lowest
    if floating is float:
        shift, lowest = <float>12582912.0, <float>-87.0
    else:
        shift, lowest = 6755399441055744.0, -708.0
    x = lowest if x < lowest else x
    cdef floating shifted = x * <floating>1.4426950408889634 + shift
    cdef floating n = shifted - shift
    cdef floating r = x - n * <floating>0.6931471805599453
    if floating is float:
        return near_0_32(r) * float_of_bits(<int32_t>((<uint32_t>bits_of_float(shifted) + 127) << 23))
    else:
        return near_0_64(r) * double_of_bits(<int64_t>((<uint64_t>bits_of_double(shifted) + 1023) << 52))


cdef inline floating exp_of_square(floating z, floating factor) noexcept nogil:
    """e^(-factor z^2) for z >= 0 or nan and a factor of 1 or 1/2, with the digits that z^2 rounds away

    z^2 = head^2 + (z - head) (z + head),  where head has half of z's digits, so that its square is exact.
    """
    cdef floating head
    cdef floating far                           # e^(-factor far^2) rounds to 0
    if floating is float:
        far = <float>10.2 if factor == 1 else <float>14.43
    else:
        far = 27.31 if factor == 1 else 38.62
    z = far if z > far else z
    if floating is float:
        head = float_of_bits(bits_of_float(z) & <int32_t>0xFFFFF000)
        return exp32(-factor * head * head, -factor * (z - head) * (z + head))
    else:
        head = double_of_bits(bits_of_double(z) & <int64_t>0xFFFFFFFFF8000000)
        return exp64(-factor * head * head, -factor * (z - head) * (z + head))


# log(x) = n log 2 + log(1 + f)  with  x = 2^n (1 + f)  and  sqrt(1/2) <= 1 + f < sqrt(2).
#
# Subtracting the bits of sqrt(1/2) from those of x leaves n where the exponent was. log 2 is added in two parts, the
# first so short that n times it is exact. (log(1 + f) - f + f^2 / 2) / f^3 is a polynomial (least squares, weighted
# until the largest error was smallest: 6e-9). No sum is one of two products: the compiler would choose which of them it
# rounds, and not in every loop the same.

cdef inline float log_of_bits(int32_t bits, float more) noexcept nogil:
    """log(x) + more log 2 for the bits of a normal x > 0 and a whole number"""
    cdef uint32_t above = <uint32_t>bits - 0x3F3504F3
    cdef float n = <float>(<int32_t>above >> 23) + more
    cdef float f = float_of_bits(bits - <int32_t>(above & <uint32_t>0xFF800000)) - <float>1
    cdef float p = <float>-0.076344300227
    p = p * f + <float>0.12761550418
    p = p * f - <float>0.13160195039
    p = p * f + <float>0.14201762458
    p = p * f - <float>0.1662335648
    p = p * f + <float>0.20001226668
    p = p * f - <float>0.25000820856
    p = p * f + <float>0.3333333171
    p = p * f - <float>0.5
    p = p * (f * f) + f
    return n * <float>0.693359375 + (p - n * <float>0.00021219444005469058)


cdef inline float log_of_usual(float x) noexcept nogil:
    """log(x) for a normal x > 0"""
    return log_of_bits(bits_of_float(x), 0)


cdef inline float log_of_any(float x) noexcept nogil:
    """log(x): -inf at 0, nan below; the bits of a subnormal x are those of the whole number 2^149 x"""
    cdef int32_t bits = bits_of_float(x)
    cdef bint subnormal = bits < 0x00800000
    cdef float y = log_of_bits(bits_of_float(<float>bits) if subnormal else bits, -149 if subnormal else 0)
    y = <float>INFINITY if x == <float>INFINITY else y
    y = -<float>INFINITY if x == 0 else y
    return y if x >= 0 else <float>NAN


# log(1 + u) = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + ...)  with  s = u / (2 + u) <= 1/3  for  u <= 1.

cdef inline floating log1p_(floating u) noexcept nogil:
    """log(1 + u) for 0 <= u <= 1 or nan"""
    cdef floating s = u / (<floating>2 + u)
    cdef floating q = s * s
    cdef floating p
    if floating is float:
        p = <float>(1 / 15.)
    else:
        p = 1 / 33.
        p = p * q + 1 / 31.
        p = p * q + 1 / 29.
        p = p * q + 1 / 27.
        p = p * q + 1 / 25.
        p = p * q + 1 / 23.
        p = p * q + 1 / 21.
        p = p * q + 1 / 19.
        p = p * q + 1 / 17.
        p = p * q + 1 / 15.
    p = p * q + <floating>(1 / 13.)
    p = p * q + <floating>(1 / 11.)
    p = p * q + <floating>(1 / 9.)
    p = p * q + <floating>(1 / 7.)
    p = p * q + <floating>(1 / 5.)
    p = p * q + <floating>(1 / 3.)
    return <floating>2 * s + <floating>2 * s * (p * q)
