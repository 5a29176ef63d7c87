"""A small ViT in float64 by numpy, with what transformers and timm keep beside their weights.

The forward pass is first held to what the two libraries computed with their own settings (vit_torch.py).
"""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import seeded
import vit_golden as small

TORCH = Path(__file__).parents[3] / "lib/backbone/testdata/vit_torch.json.gz"
erf = np.vectorize(math.erf)
ACTIVATIONS = {"gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2, "relu": lambda x: np.maximum(x, 0)}
HUGGING_FACE = dict(
    patch="vit.embeddings.patch_embeddings.projection", token="vit.embeddings.cls_token",
    positions="vit.embeddings.position_embeddings", block="vit.encoder.layer.%d.", norm1="layernorm_before",
    norm2="layernorm_after", out="attention.output.dense", mlp1="intermediate.dense", mlp2="output.dense",
    norm="vit.layernorm", top="classifier")
TIMM = dict(
    patch="patch_embed.proj", token="cls_token", positions="pos_embed", block="blocks.%d.", norm1="norm1", norm2="norm2",
    out="attn.proj", mlp1="mlp.fc1", mlp2="mlp.fc2", norm="norm", top="head")
IMAGENET = dict(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


class ViT:
    def __init__(self, rows, names, heads, epsilon, activation="gelu"):
        self.w = {r["name"]: seeded.uniform(r["name"], tuple(r["shape"]), r["low"], r["high"]).astype(np.float64) for r in rows}
        self.n, self.heads, self.epsilon, self.activation = names, heads, epsilon, ACTIVATIONS[activation]

    def dense(self, x, name):
        return x @ self.w[name + ".weight"].T + self.w[name + ".bias"]

    def norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + self.epsilon) * self.w[name + ".weight"] + self.w[name + ".bias"]

    def attention(self, x, block):
        if block + "attn.qkv.weight" in self.w:
            parts = np.split(self.dense(x, block + "attn.qkv"), 3, axis=-1)
        else:
            parts = [self.dense(x, block + "attention.attention." + name) for name in ("query", "key", "value")]
        q, k, v = (p.reshape(*p.shape[:2], self.heads, -1).transpose(0, 2, 1, 3) for p in parts)
        mixed = softmax(q @ k.transpose(0, 1, 3, 2) / math.sqrt(q.shape[-1])) @ v
        return self.dense(mixed.transpose(0, 2, 1, 3).reshape(x.shape), block + self.n["out"])

    def tokens(self, images):
        """images [n, size, size, 3] after preprocessing; their size is that of the positions."""
        images = images.astype(np.float64)
        n, size, p = len(images), images.shape[1], small.PATCH
        patches = images.reshape(n, size // p, p, size // p, p, 3).transpose(0, 1, 3, 5, 2, 4).reshape(n, -1, 3 * p * p)
        x = patches @ self.w[self.n["patch"] + ".weight"].reshape(small.WIDTH, -1).T + self.w[self.n["patch"] + ".bias"]
        x = np.concatenate([np.broadcast_to(self.w[self.n["token"]], (n, 1, small.WIDTH)), x], 1) + self.w[self.n["positions"]]
        for i in range(small.BLOCKS):
            block = self.n["block"] % i
            x = x + self.attention(self.norm(x, block + self.n["norm1"]), block)
            y = self.activation(self.dense(self.norm(x, block + self.n["norm2"]), block + self.n["mlp1"]))
            x = x + self.dense(y, block + self.n["mlp2"])
        return self.norm(x, self.n["norm"])


def hugging_face(**changed):
    config = dict(
        architectures=["ViTForImageClassification"], attention_probs_dropout_prob=0.0, encoder_stride=16, hidden_act="gelu",
        hidden_dropout_prob=0.0, hidden_size=small.WIDTH, image_size=small.INPUT, initializer_range=0.02,
        intermediate_size=4 * small.WIDTH, layer_norm_eps=1e-12, model_type="vit", num_attention_heads=small.HEADS,
        num_channels=3, num_hidden_layers=small.BLOCKS, patch_size=small.PATCH, qkv_bias=True)
    return config | changed


def processor(mean, std, **changed):
    return dict(do_normalize=True, do_rescale=True, do_resize=True, image_mean=list(mean), image_std=list(std),
                image_processor_type="ViTImageProcessor", resample=2, rescale_factor=1 / 255,
                size=dict(height=small.INPUT, width=small.INPUT)) | changed


golden = {g["library"]: g for g in json.loads(gzip.decompress(TORCH.read_bytes()))}
hf, timm = golden["Hugging Face"]["tensors"], golden["timm"]["tensors"]
for rows, names, epsilon in ((hf, HUGGING_FACE, 1e-12), (timm, TIMM, 1e-6)):
    library = "Hugging Face" if names is HUGGING_FACE else "timm"
    want = np.array(golden[library]["runs"][0]["output"])
    got = ViT(rows, names, small.HEADS, epsilon).tokens(small.images(2, small.INPUT)).ravel()
    worst = abs(got - want).max() / abs(want).max()
    print(f"{library}: differs from the library by {worst:.2g} of the largest value")
    assert worst < 1e-5
