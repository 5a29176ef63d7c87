"""Probabilities that fine-tuned Vision Transformers give, folders of transformers and timm, in float64 by numpy, for the
tests of lib/classifier: the weights are those of vit_torch, pixels and settings differ."""

import numpy as np
import seeded
import testdata
import vit_golden as small
from vit_numpy import HUGGING_FACE, IMAGENET, TIMM, ViT, hf, hugging_face, processor, softmax, timm

NAMES = ["rust", "dent", "crack", "burr", "scale"]  # not in alphabetical order: the outputs are compared by name


def case(rows, names, files, heads, epsilon, labels, size=small.INPUT, mean=(0.5,) * 3, std=(0.5,) * 3):
    """What the model gives for seeded images of size×size pixels 0…255, of which it sees the centre."""
    pixels = seeded.uniform(f"pixels of {size}", (2, size, size, 3), 0, 255)
    edge = (size - small.INPUT) // 2
    centre = pixels[:, edge:edge + small.INPUT, edge:edge + small.INPUT].astype(np.float64)
    model = ViT(rows, names, heads, epsilon)
    tokens = model.tokens((centre / 255 - np.array(mean)) / np.array(std))
    return dict(library="Hugging Face" if names is HUGGING_FACE else "timm", files=files, size=size, labels=labels,
                tensors=rows, probabilities=seeded.numbers(softmax(model.dense(tokens[:, 0], model.n["top"]))))


half = (0.5,) * 3
id2label = {str(i): name for i, name in enumerate(NAMES)}
arguments = dict(num_heads=4, embed_dim=small.WIDTH, depth=small.BLOCKS, img_size=small.INPUT)
testdata.write("lib/classifier/testdata/vit_classifiers.json.gz", [
    case(hf, HUGGING_FACE, {"config.json": hugging_face(id2label=id2label, num_attention_heads=4),
                            "preprocessor_config.json": processor(half, half)}, 4, 1e-12, NAMES),
    case(hf, HUGGING_FACE, {"config.json": hugging_face(id2label={str(i): f"LABEL_{i}" for i in range(5)}, layer_norm_eps=1e-3),
                            "preprocessor_config.json": processor(
                                **IMAGENET, do_center_crop=True, size=dict(shortest_edge=73),
                                crop_size=dict(height=small.INPUT, width=small.INPUT))},
         2, 1e-3, None, size=73, **IMAGENET),
    case(timm, TIMM, {"config.json": dict(
        architecture="vit_tiny_patch16_224", num_classes=5, num_features=small.WIDTH, global_pool="token", label_names=NAMES,
        model_args=arguments, pretrained_cfg=dict(interpolation="bilinear", crop_pct=0.875, crop_mode="center",
                                                  input_size=[3, small.INPUT, small.INPUT], **IMAGENET))},
         4, 1e-6, NAMES, size=73, **IMAGENET),
])
