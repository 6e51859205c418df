"""Sphinx's settings for one language of the site; tutorials/build.py sets TINYTORCH_SITE_LANGUAGE and calls it."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

lang = os.environ["TINYTORCH_SITE_LANGUAGE"]
draft = os.environ["TINYTORCH_SITE_DRAFT"] == "1"

project = "tinytorch"
html_title = "tinytorch"
language = {"en": "en", "zh": "zh_CN"}[lang]
exclude_patterns = ["downloads", "outputs"]
extensions = [
    "myst_nb",
    *(
        f"tutorials.site.{name}"
        for name in ("boxes", "language", "mathematics", "reference")
    ),
]
templates_path = [str(HERE / "templates")]

# Pages are executed once for both languages: code and tags are the same in both, so the second finds all in the cache.
nb_execution_mode = "cache"
nb_execution_cache_path = os.path.join(os.environ["TINYTORCH_SITE_WORK"], "cache")
nb_execution_in_temp = True
nb_execution_timeout = 120
nb_execution_raise_on_error = not draft
nb_merge_streams = True
nb_output_stderr = "remove"  # progress bars
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
suppress_warnings = ["config.cache", *(["myst.xref_missing"] if draft else [])]

html_theme = "furo"
html_static_path = [str(HERE / "static")]
html_extra_path = [os.path.join(os.environ["TINYTORCH_SITE_SOURCE"], "downloads")]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_search_language = lang
html_copy_source = False
html_show_search_summary = (
    False  # which is fetched, and browsers fetch nothing from a disk
)
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "default"
pygments_dark_style = "github-dark"
python_maximum_signature_line_length = 88
