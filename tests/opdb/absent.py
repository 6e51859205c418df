"""What PyTorch's database of operations has and tinytorch lacks, and where tinytorch is known to differ."""

_FAMILIES = {
    "convolutions come later": """
        nn.functional.conv1d nn.functional.conv2d nn.functional.conv3d nn.functional.conv_transpose1d
        nn.functional.conv_transpose2d nn.functional.conv_transpose3d nn.functional.unfold""",
    "pooling comes later": """
        nn.functional.adaptive_avg_pool1d nn.functional.adaptive_avg_pool2d nn.functional.adaptive_avg_pool3d
        nn.functional.adaptive_max_pool1d nn.functional.adaptive_max_pool2d nn.functional.adaptive_max_pool3d
        nn.functional.avg_pool1d nn.functional.avg_pool2d nn.functional.avg_pool3d
        nn.functional.fractional_max_pool2d nn.functional.fractional_max_pool3d
        nn.functional.max_pool1d nn.functional.max_pool2d nn.functional.max_pool3d
        nn.functional.max_unpool1d nn.functional.max_unpool2d nn.functional.max_unpool3d
        max_pool2d_with_indices_backward""",
    "normalization of batches comes later": """
        nn.functional.batch_norm nn.functional.group_norm nn.functional.instance_norm
        nn.functional.local_response_norm
        native_batch_norm native_group_norm _native_batch_norm_legit _batch_norm_with_update""",
    "attention comes later": """
        nn.functional.multi_head_attention_forward nn.functional.scaled_dot_product_attention
        torch.ops.aten._efficient_attention_forward torch.ops.aten._flash_attention_forward
        torch.ops.aten._safe_softmax.default""",
    "images come later": """
        nn.functional.grid_sample nn.functional.interpolate nn.functional.upsample_bilinear
        nn.functional.upsample_nearest nn.functional.pixel_shuffle nn.functional.pixel_unshuffle
        nn.functional.channel_shuffle grid_sampler_2d grid_sampler_3d _upsample_bilinear2d_aa""",
    "losses and embeddings of rarer use come later": """
        nn.functional.ctc_loss nn.functional.linear_cross_entropy
        nn.functional.multilabel_margin_loss nn.functional.triplet_margin_with_distance_loss""",
    "Fourier transforms and windows come later": """
        fft.fft fft.fft2 fft.fftn fft.fftshift fft.hfft fft.hfft2 fft.hfftn fft.ifft fft.ifft2 fft.ifftn fft.ifftshift
        fft.ihfft fft.ihfft2 fft.ihfftn fft.irfft fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftn istft stft
        signal.windows.bartlett signal.windows.blackman signal.windows.cosine signal.windows.exponential
        signal.windows.gaussian signal.windows.general_cosine signal.windows.general_hamming signal.windows.hamming
        signal.windows.hann signal.windows.kaiser signal.windows.nuttall""",
    "matrix factorizations of rarer use come later": """
        geqrf linalg.householder_product linalg.inv_ex linalg.ldl_factor linalg.ldl_factor_ex linalg.ldl_solve linalg.lu
        linalg.lu_factor linalg.lu_factor_ex linalg.lu_solve linalg.solve_ex linalg.tensorinv linalg.tensorsolve
        linalg.vander lu lu_solve lu_unpack ormqr pca_lowrank svd_lowrank triangular_solve histogramdd""",
    "tensors are dense": """
        sparse.mm sparse.sampled_addmm to_sparse
        masked.amax masked.amin masked.argmax masked.argmin masked.cumprod masked.cumsum masked.log_softmax
        masked.logaddexp masked.logsumexp masked.mean masked.median masked.norm masked.normalize masked.prod
        masked.softmax masked.softmin masked.std masked.sum masked.var""",
    "there is no float16 complex dtype, and none of 8 bits": "chalf torch._scaled_mm torch._scaled_mm_v2",
    "kernels are not compiled at run time": """
        jiterator_2inputs_2outputs jiterator_4inputs_with_extra_args jiterator_binary jiterator_binary_return_by_ref
        jiterator_unary""",
    "internal to PyTorch": """
        _chunk_cat _segment_reduce _softmax_backward_data _unsafe_masked_index _unsafe_masked_index_put_accumulate
        hash_tensor native_dropout_backward slice""",
}

ABSENT = {name: reason for reason, names in _FAMILIES.items() for name in names.split()}

# Entries of the database that are not named as what they call: entry -> where tinytorch has it.
NAMED_OTHERWISE = {
    "cauchy": "Tensor.cauchy_",
    "exponential": "Tensor.exponential_",
    "geometric": "Tensor.geometric_",
    "log_normal": "Tensor.log_normal_",
    "uniform": "Tensor.uniform_",
}

# The indices that these give for equal elements are PyTorch's choice; floating point samples have no equal elements.
TIES = ("argsort", "kthvalue", "mode", "sort", "topk")

# Eigenvalues come in LAPACK's order, which is another one in another build of it.
UNORDERED = ("linalg.eig", "linalg.eigvals")

# How far, relatively, results of PyTorch (or only gradients) are from the right ones; ours have all digits.
IMPRECISE = {
    "polygamma": 3e-5,  # of float32; 1e-9 of float64
    "special.polygamma": 3e-5,
    "gradients digamma": 1e-9,
    "gradients lgamma": 1e-9,
    "gradients mvlgamma": 1e-9,
    "special.airy_ai": 2e-5,
    "special.bessel_j0": 1e-5,
    "special.bessel_j1": 1e-5,
    "special.bessel_y0": 1e-5,
    "special.bessel_y1": 1e-5,
    "gradients nn.functional.hardsigmoid": 1e-7,  # PyTorch divides by a 6 of float32
    "gradients nn.functional.binary_cross_entropy": 1e-6,  # PyTorch adds 1e-12 to what the second one is divided by
    "gradients logcumsumexp": 1e-9,  # PyTorch takes logarithms of gradients
}

# How many times farther than elsewhere results (or only gradients) may be apart.
TOLERANCES = {
    # matrices whose condition enlarges rounding errors
    "linalg.cond": 100,
    "linalg.eig": 100,
    "linalg.eigh": 100,
    "linalg.lstsq": 100,
    "linalg.matrix_norm": 100,
    "linalg.norm": 100,
    "linalg.pinv": 100,
    "linalg.solve_triangular": 10,
    "linalg.svd": 100,
    "matrix_exp": 100,
    "pinverse": 100,
    "svd": 100,
    # sums in which much cancels out
    # of a row of one number: 0 here, 1 / sqrt(eps) times a rounding error there
    "gradients native_layer_norm of rows of one number": 1000,
    "gradients nn.functional.layer_norm of rows of one number": 1000,
    "gradients nn.functional.normalize": 100,
    "gradients nn.functional.prelu": 10,
    "gradients special.log_ndtr": 100,
    "nn.functional.triplet_margin_loss": 10,
    "histogram": 100,
}

# Sums in which so much cancels out that only their absolute errors are alike.
CANCELLING = (
    "mean", "native_layer_norm", "nn.functional.binary_cross_entropy_with_logits", "nn.functional.kl_div",
    "nn.functional.layer_norm", "nn.functional.poisson_nll_loss", "std_mean", "var_mean",
)  # fmt: skip

_OUT = "that PyTorch's function takes out= is not documented"
_OVERLAP = "here the result is complete before out= is written, so that out= may be an argument"

# "<check> <operation>" or "<check> <operation>-<dtype>": why it differs
DIFFERENT = {
    "values complex-float16": "there is no complex dtype of float16",
    "values view_as_complex-float16": "there is no complex dtype of float16",
    "values nn.functional.soft_margin_loss-float16": "PyTorch's exponential overflows",
    "values logcumsumexp-complex64": "PyTorch adds up angles, and gives some beyond pi",
    "all gradients logcumsumexp-complex128": "PyTorch adds up angles, and gives some beyond pi",
    "values matrix_exp-float16": "PyTorch's powers of the matrix overflow",
    "values matrix_exp-bfloat16": "PyTorch's powers of the matrix overflow",
    "gradients as_strided_scatter-float64": "PyTorch's gradient of the element that is replaced is not 0",
    "gradients as_strided_scatter-complex128": "PyTorch's gradient of the element that is replaced is not 0",
    "inplace addbmm": "PyTorch resizes a number that is added to",
    "inplace mvlgamma:mvlgamma_p_1": "PyTorch's error names the dtypes the wrong way around",
    "inplace mvlgamma:mvlgamma_p_3": "PyTorch's error names the dtypes the wrong way around",
    "inplace mvlgamma:mvlgamma_p_5": "PyTorch's error names the dtypes the wrong way around",
    "all values nn.functional.binary_cross_entropy_with_logits-float16": "PyTorch rounds after every step",
    "out nn.functional.gelu": _OUT,
    "out nn.functional.linear": _OUT,
    "out nn.functional.logsigmoid": _OUT,
    "out nn.functional.softplus": _OUT,
    "out nn.functional.softshrink": _OUT,
    "out narrow_copy": "PyTorch disregards the strides of out=",
    "out nonzero": "out= together with as_tuple=True",
    "out split_with_sizes_copy": "PyTorch returns None",
    "out unbind_copy": "PyTorch returns None",
    "errors cat": _OVERLAP,
    "errors gather": _OVERLAP,
    "errors kthvalue": _OVERLAP,
    "errors masked_select": _OVERLAP,
    "errors take": _OVERLAP,
    "errors narrow_copy": "PyTorch's errors are those of an internal check",
}
