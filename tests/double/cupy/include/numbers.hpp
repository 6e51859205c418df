// CUDA C++ on the host, first part: keywords, halves, complex numbers, functions and small vectors.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <complex>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#define __device__
#define __host__
#define __global__
#define __constant__ static
#define __shared__ static
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __ldg(p) (*(p))
#define CUDART_INF_F INFINITY
#define CUDART_INF ((double)INFINITY)
#define CUDART_NAN_F NAN
#define CUDART_NAN ((double)NAN)

using std::complex;

// ---- 16 bits --------------------------------------------------------------------------------------------------------

inline uint16_t _half_of(float value) {  // to nearest, ties to even
    uint32_t x;
    memcpy(&x, &value, 4);
    uint16_t sign = (x >> 16) & 0x8000;
    x &= 0x7fffffff;
    if (x > 0x7f800000) return sign | 0x7e00;
    if (x >= 0x477ff000) return sign | 0x7c00;                                          // 65520 and more: infinity
    if (x < 0x38800000) return sign | (uint16_t)nearbyintf(fabsf(value) * 16777216.0f);  // below 2^-14: steps of 2^-24
    return sign | (uint16_t)((x + 0xfff + ((x >> 13) & 1) - 0x38000000) >> 13);
}
inline float _value_of_half(uint16_t bits) {
    int exponent = bits >> 10 & 31, digits = bits & 0x3ff;
    float size = exponent == 31 ? (digits ? NAN : INFINITY)
        : exponent ? ldexpf(1024 + digits, exponent - 25) : ldexpf(digits, -24);
    return bits & 0x8000 ? -size : size;
}

struct float16 {
    uint16_t bits;
    float16() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    float16(T value) : bits(_half_of((float)value)) {}
    operator float() const { return _value_of_half(bits); }
    float16& operator+=(float v) { return *this = float16((float)*this + v); }
    float16& operator-=(float v) { return *this = float16((float)*this - v); }
    float16& operator*=(float v) { return *this = float16((float)*this * v); }
    float16& operator/=(float v) { return *this = float16((float)*this / v); }
};

struct bfloat16 {
    uint16_t bits;
    bfloat16() = default;
    template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
    bfloat16(T value) {
        float f = (float)value;
        uint32_t b;
        memcpy(&b, &f, 4);
        bits = f != f ? 0x7fc0 : (b + 0x7fff + ((b >> 16) & 1)) >> 16;  // to nearest, ties to even
    }
    operator float() const { uint32_t b = (uint32_t)bits << 16; float f; memcpy(&f, &b, 4); return f; }
    bfloat16& operator+=(float v) { return *this = bfloat16((float)*this + v); }
    bfloat16& operator-=(float v) { return *this = bfloat16((float)*this - v); }
    bfloat16& operator*=(float v) { return *this = bfloat16((float)*this * v); }
    bfloat16& operator/=(float v) { return *this = bfloat16((float)*this / v); }
};

typedef float16 half;
typedef float16 __half;
typedef bfloat16 __nv_bfloat16;
inline float __half2float(float16 h) { return h; }
inline float16 __float2half(float f) { return float16(f); }
inline float16 __float2half_rn(float f) { return float16(f); }
inline float __bfloat162float(bfloat16 h) { return h; }
inline bfloat16 __float2bfloat16(float f) { return bfloat16(f); }

template <class T> struct _plain { typedef T type; };
template <> struct _plain<float16> { typedef float type; };
template <> struct _plain<bfloat16> { typedef float type; };
template <class A, class B>
using _common = std::common_type_t<typename _plain<A>::type, typename _plain<B>::type>;

// ---- functions ------------------------------------------------------------------------------------------------------

template <class A, class B> _common<A, B> min(A a, B b) {
    typedef _common<A, B> C;
    if constexpr (std::is_floating_point_v<C>) return fmin((C)a, (C)b);
    else return (C)b < (C)a ? (C)b : (C)a;
}
inline float16 min(float16 a, float16 b) { return fminf(a, b); }
inline float16 max(float16 a, float16 b) { return fmaxf(a, b); }
inline bfloat16 min(bfloat16 a, bfloat16 b) { return fminf(a, b); }
inline bfloat16 max(bfloat16 a, bfloat16 b) { return fmaxf(a, b); }
template <class A, class B> _common<A, B> max(A a, B b) {
    typedef _common<A, B> C;
    if constexpr (std::is_floating_point_v<C>) return fmax((C)a, (C)b);
    else return (C)a < (C)b ? (C)b : (C)a;
}
template <class T> bool isnan(complex<T> x) { return isnan(x.real()) || isnan(x.imag()); }
template <class T> bool isinf(complex<T> x) { return isinf(x.real()) || isinf(x.imag()); }
template <class T> bool isfinite(complex<T> x) { return isfinite(x.real()) && isfinite(x.imag()); }
template <class T> bool operator<(const complex<T>& a, const complex<T>& b) {  // by real parts, then imaginary ones
    return a.real() == b.real() ? a.imag() < b.imag() : a.real() < b.real();
}
template <class T> bool operator>(const complex<T>& a, const complex<T>& b) { return b < a; }
template <class T> bool operator<=(const complex<T>& a, const complex<T>& b) { return !(b < a); }
template <class T> bool operator>=(const complex<T>& a, const complex<T>& b) { return !(a < b); }
template <class T> complex<T> min(complex<T> a, complex<T> b) { return isnan(a) ? a : isnan(b) ? b : b < a ? b : a; }
template <class T> complex<T> max(complex<T> a, complex<T> b) { return isnan(a) ? a : isnan(b) ? b : a < b ? b : a; }
template <class T> complex<T> log1p(complex<T> x) { return log(x + T(1)); }
template <class T> complex<T> log2(complex<T> x) { return log(x) / log(T(2)); }
template <class T> complex<T> expm1(complex<T> x) { return exp(x) - T(1); }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float rsqrt(float x) { return rsqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return powf(10.0f, x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __tanf(float x) { return tanf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline float __frsqrt_rn(float x) { return rsqrtf(x); }
inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f; }
inline double normcdf(double x) { return 0.5 * erfc(-x * M_SQRT1_2); }
inline float normcdff(float x) { return 0.5f * erfcf(-x * (float)M_SQRT1_2); }
inline float exp10f(float x, int) { return powf(10.0f, x); }
inline double sinpi(double x) { return sin(M_PI * x); }
inline double cospi(double x) { return cos(M_PI * x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __float_as_int(float x) { int i; memcpy(&i, &x, 4); return i; }
inline unsigned __float_as_uint(float x) { unsigned i; memcpy(&i, &x, 4); return i; }
inline float __int_as_float(int x) { float f; memcpy(&f, &x, 4); return f; }
inline float __uint_as_float(unsigned x) { float f; memcpy(&f, &x, 4); return f; }
inline long long __double_as_longlong(double x) { long long i; memcpy(&i, &x, 8); return i; }
inline double __longlong_as_double(long long x) { double d; memcpy(&d, &x, 8); return d; }
inline unsigned __umulhi(unsigned a, unsigned b) { return ((unsigned long long)a * b) >> 32; }

template <class T> struct _vector2 { T x, y; };
template <class T> struct _vector3 { T x, y, z; };
template <class T> struct alignas(4 * sizeof(T) > 16 ? 16 : 4 * sizeof(T)) _vector4 { T x, y, z, w; };
#define _VECTORS(name, T)                                                                       \
    typedef _vector2<T> name##2;                                                                \
    typedef _vector3<T> name##3;                                                                \
    typedef _vector4<T> name##4;                                                                \
    inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                  \
    inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                          \
    inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
_VECTORS(float, float)
_VECTORS(double, double)
_VECTORS(int, int)
_VECTORS(uint, unsigned)
_VECTORS(longlong, long long)
