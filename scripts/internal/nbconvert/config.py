"""How Jupyter exports these notebooks: nbconvert by hand, JupyterLab's menu and scripts/lesson.

The set-up makes .venv/etc/jupyter/jupyter_config.py load this file.
"""

import sys
from pathlib import Path

here = Path(__file__).resolve().parent
if str(here) not in sys.path:
    sys.path.append(str(here))

c = get_config()  # noqa: F821
c.TemplateExporter.extra_template_basedirs = c.TemplateExporter.extra_template_paths = [str(here)]
# A raw cell of a solution is what the exercise starts with: see scripts/exercises.
c.TemplateExporter.exclude_raw = True
c.HTMLExporter.template_name = "lesson"
c.HTMLExporter.embed_images = True
c.SlidesExporter.template_name = "lesson-slides"
c.CoalesceStreamsPreprocessor.enabled = True
c.ScriptExporter.preprocessors = ["goprogram.program"]
