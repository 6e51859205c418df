// Second part: the arrays and the indexer that CuPy gives to its kernels.

template <class T> struct CArray {
    T* _data;
    ptrdiff_t _size;
    int ndim;
    const ptrdiff_t* _shape;
    const ptrdiff_t* _strides;  // in bytes
    ptrdiff_t size() const { return _size; }
    const ptrdiff_t* shape() const { return _shape; }
    const ptrdiff_t* strides() const { return _strides; }
    T& operator[](ptrdiff_t i) const {
        ptrdiff_t offset = 0;
        for (int d = ndim - 1; d > 0; --d) {
            offset += _strides[d] * (i % _shape[d]);
            i /= _shape[d];
        }
        if (ndim) offset += _strides[0] * i;
        return *(T*)((char*)_data + offset);
    }
    template <class I, int N> T& operator[](const I (&index)[N]) const {
        ptrdiff_t offset = 0;
        for (int d = 0; d < N; ++d) offset += _strides[d] * (ptrdiff_t)index[d];
        return *(T*)((char*)_data + offset);
    }
};

struct CIndexer {
    ptrdiff_t _size;
    int ndim;
    const ptrdiff_t* _shape;
    ptrdiff_t _index[32];
    ptrdiff_t size() const { return _size; }
    const ptrdiff_t* get() const { return _index; }
    void set(ptrdiff_t i) {
        for (int d = ndim - 1; d >= 0; --d) {
            _index[d] = i % _shape[d];
            i /= _shape[d];
        }
    }
};
