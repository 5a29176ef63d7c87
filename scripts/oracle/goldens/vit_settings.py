"""What a small ViT gives with the settings that transformers and timm keep beside their weights, in float64 by numpy."""

import numpy as np
import seeded
import testdata
import vit_golden as small
from vit_numpy import HUGGING_FACE, IMAGENET, TIMM, ViT, hf, hugging_face, processor, timm


def case(rows, names, files, heads, epsilon, activation="gelu", scale=1 / 255, mean=(0.5,) * 3, std=(0.5,) * 3):
    """What the model gives for seeded pixels 0…255; files are the settings by name of file."""
    pixels = seeded.uniform("pixels", (2, small.INPUT, small.INPUT, 3), 0, 255)
    images = (pixels.astype(np.float64) * scale - np.array(mean)) / np.array(std)
    output = ViT(rows, names, heads, epsilon, activation).tokens(images)
    return dict(library="Hugging Face" if names is HUGGING_FACE else "timm", files=files, output=seeded.numbers(output))


half = (0.5,) * 3
testdata.write("lib/backbone/testdata/vit_settings.json.gz", [
    case(hf, HUGGING_FACE, {"config.json": hugging_face(), "preprocessor_config.json": processor(half, half)}, 2, 1e-12),
    case(hf, HUGGING_FACE, {"config.json": hugging_face(num_attention_heads=4),
                            "preprocessor_config.json": processor(half, half)}, 4, 1e-12),
    case(hf, HUGGING_FACE, {"config.json": hugging_face(layer_norm_eps=0.1, hidden_act="relu"),
                            "preprocessor_config.json": processor(half, half)}, 2, 0.1, "relu"),
    case(hf, HUGGING_FACE, {"config.json": hugging_face(), "preprocessor_config.json": processor(
        [0.25] * 3, [0.75] * 3, rescale_factor=1 / 200)}, 2, 1e-12, scale=1 / 200, mean=[0.25] * 3, std=[0.75] * 3),
    case(hf, HUGGING_FACE, {"config.json": hugging_face(), "preprocessor_config.json": processor(
        [0.25] * 3, [0.75] * 3, do_normalize=False)}, 2, 1e-12, mean=[0] * 3, std=[1] * 3),
    case(hf, HUGGING_FACE, {"config.json": hugging_face(num_attention_heads=8, layer_norm_eps=1e-3),
                            "preprocessor_config.json": processor(**IMAGENET)}, 8, 1e-3, **IMAGENET),
    case(timm, TIMM, {"config.json": dict(architecture="vit_tiny_patch16_224", num_classes=5, model_args=dict(num_heads=4),
                                          pretrained_cfg=dict(interpolation="bilinear", crop_pct=0.9, **IMAGENET))},
         4, 1e-6, **IMAGENET),
    case(timm, TIMM, {"config.json": dict(architecture="vit_tiny_patch16_224", interpolation="bilinear", mean=[0.5] * 3,
                                          std=[0.25] * 3)}, 2, 1e-6, std=[0.25] * 3),
])
