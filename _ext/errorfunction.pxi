# erfc(z) for z >= 0 and erf(x) for |x| <= 1, without a branch. Needs explog.pxi.
#
#     erfc(z) = e^(-z^2) erfcx(z)
#
# erfcx falls slowly, as 1 / z. So (1 + 2 z) erfcx(z) is nearly constant, and in t = (z - k) / (z + k), which maps the
# numbers from 0 to infinity to those from -1 to 1, it is a polynomial (Shepherd and Laframboise, "Chebyshev
# approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity", Mathematics of Computation 36, 1981). The
# coefficients are those of the Chebyshev series for z up to where erfc is 0, computed with 50 digits; for float32 those
# of erf_near_0 and erf_from_1 are of least squares, weighted until the largest relative error of erf was smallest.
#
# Measured against exact values: erf is off by at most 1 unit in the last place, erfc by 3.3, phi by 4.6.

from libc.math cimport copysign, copysignf


cdef inline floating erfcx_(floating z) noexcept nogil:
    """e^(z^2) erfc(z) for z >= 0 or nan; of any value where erfc(z) is 0"""
    cdef floating t, p, far
    if floating is float:
        far = <float>10.3
        z = far if z > far else z
        t = (z - <float>2.5) / (z + <float>2.5)
        p = <float>8.3740927584e-5
        p = p * t + <float>0.00062239842758
        p = p * t + <float>0.00034278862508
        p = p * t - <float>0.0044273867014
        p = p * t + <float>0.00097788645792
        p = p * t + <float>0.032779438912
        p = p * t - <float>0.10297300237
        p = p * t + <float>0.15762758532
        p = p * t - <float>0.09902425146
        p = p * t - <float>0.12235668813
        p = p * t + <float>1.2648381818
    else:
        far = 27.5
        z = far if z > far else z
        t = (z - 3.75) / (z + 3.75)
        p = -9.921347794914467213e-10
        p = p * t - 5.055214468221198016e-9
        p = p * t + 1.915860509365668736e-10
        p = p * t + 4.091132542746263247e-8
        p = p * t + 1.82643168491142309e-8
        p = p * t - 2.631388964121328397e-7
        p = p * t - 5.37945938070203926e-8
        p = p * t + 1.75581249706995287e-6
        p = p * t - 9.748829168847782506e-7
        p = p * t - 0.00001144644790964717754
        p = p * t + 0.00002238449354098903433
        p = p * t + 0.00005164990151337814057
        p = p * t - 0.0002901540819535914915
        p = p * t + 0.0002937134862014863419
        p = p * t + 0.001755625842858460076
        p = p * t - 0.009746579532922167759
        p = p * t + 0.02836227742101313185
        p = p * t - 0.05869339859170241833
        p = p * t + 0.09230432116020098436
        p = p * t - 0.1088039301416609238
        p = p * t + 0.08227673849015148813
        p = p * t + 0.003585415485462956799
        p = p * t - 0.1402405985855470251
        p = p * t + 1.237512630837827584
    return p / (<floating>1 + <floating>2 * z)


cdef inline floating erf_near_0(floating x) noexcept nogil:
    """erf(x) for |x| <= 1 or nan: x times a polynomial in x^2"""
    cdef floating q = x * x, p
    if floating is float:
        p = <float>7.8538542741e-5
        p = p * q - <float>0.00080101913953
        p = p * q + <float>0.0051883274178
        p = p * q - <float>0.026853811783
        p = p * q + <float>0.11283585144
        p = p * q - <float>0.37612625824
        p = p * q + <float>0.12837916573
    else:
        p = 5.957176147748911404e-11
        p = p * q - 1.137284885679167367e-9
        p = p * q + 1.465977527404743581e-8
        p = p * q - 1.635031270105469501e-7
        p = p * q + 1.646100048412136803e-6
        p = p * q - 0.00001492559526683118157
        p = p * q + 0.0001205533111164271092
        p = p * q - 0.0008548326980833789905
        p = p * q + 0.005223977624818014467
        p = p * q - 0.02686617064507679325
        p = p * q + 0.1128379167095487867
        p = p * q - 0.3761263890318374806
        p = p * q + 0.128379167095512574
    return x + x * p


cdef inline floating erfc_(floating x) noexcept nogil:
    """1 - erf(x)"""
    cdef floating z = -x if x < 0 else x
    cdef floating near = <floating>1 - erf_near_0(x), far = exp_of_square(z, <floating>1) * erfcx_(z)
    return near if z <= <floating>0.5 else (<floating>2 - far if x < 0 else far)


# Of a small erfc(z) few digits are left in 1 - erfc(z). In single precision a polynomial of degree 5 is enough for
# log2(erfc(z)) / z, which is nearly a straight line, and without a division erf takes half the time.

cdef inline float erf_from_1(float z) noexcept nogil:
    """erf(z) for z >= 1 or nan:  1 - 2^(z p(z))"""
    cdef float shift = 12582912.0 + 127                 # as in exp_of_usual
    z = <float>4 if z > 4 else z                        # from here on erf is 1
    cdef float p = <float>0.00030389432966
    p = p * z - <float>0.0045977953276
    p = p * z + <float>0.032891238892
    p = p * z - <float>0.15165054791
    p = p * z - <float>0.91731090916
    p = p * z - <float>1.6280525583
    cdef float shifted = z * p + shift
    cdef float n = shifted - shift
    cdef float power = near_0_32((z * p - n) * <float>0.6931471805599453)
    return <float>1 - power * float_of_bits(<int32_t>(<uint32_t>bits_of_float(shifted) << 23))


cdef inline floating erf_(floating x) noexcept nogil:
    """2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x"""
    cdef floating z = -x if x < 0 else x
    cdef floating near = erf_near_0(x), far
    if floating is float:
        far = copysignf(erf_from_1(z), x)
    else:
        far = copysign(1 - exp_of_square(z, <floating>1) * erfcx_(z), x)
    return near if z <= <floating>1 else far


cdef inline floating phi(floating x, floating power) noexcept nogil:
    """erfc(-x / sqrt 2) / 2, the chance that a normal number is less than x, for power = e^(-x^2 / 2)"""
    cdef floating y = x * <floating>0.7071067811865476
    cdef floating z = -y if y < 0 else y
    cdef floating near = <floating>0.5 + <floating>0.5 * erf_near_0(y), far = <floating>0.5 * power * erfcx_(z)
    return near if z <= <floating>0.5 else (far if x < 0 else <floating>1 - far)


# GELU multiplies Phi by x, and so needs no more digits of a small Phi than of one near 1. In single precision a
# quotient of polynomials for erf(y) / y in y^2 (least squares, weighted until the largest error was smallest: 2e-8) is
# twice as fast as phi.

cdef inline floating quick_phi(floating x, floating power) noexcept nogil:
    """Phi(x) within some 1e-7 (2e-16 in double precision), for power = e^(-x^2 / 2), which only double precision needs"""
    cdef floating y = x * <floating>0.7071067811865476
    cdef floating q, p, r, far
    if floating is float:
        y = <float>3.93 if y > <float>3.93 else y           # from here on erf is 1
        q = y * y
        p = <float>2.0279573128e-6
        p = p * q + <float>0.00028732519458
        p = p * q + <float>0.0038774725655
        p = p * q + <float>0.053087525974
        p = p * q + <float>0.19302437325
        p = p * q + <float>1.1283790295
        r = <float>3.799254751e-5
        r = r * q + <float>0.0011896629733
        r = r * q + <float>0.015190920101
        r = r * q + <float>0.11518546257
        r = r * q + <float>0.50439509563
        r = r * q + <float>1
        return <float>0 if y < -<float>3.93 else <float>0.5 + <float>0.5 * (y * p / r)
    else:
        far = 0.5 * power * erfcx_(-y if y < 0 else y)
        return far if x < 0 else 1 - far
