"""Compares ViT-B/16 here with transformers and timm: random weights in their files, in float32, float16 and bfloat16.

    python scripts/oracle compare vit

It prints the largest absolute difference of every block, of the normalized tokens, and of their mean, for the size of
image that the weights are for and for a larger one with interpolated position embeddings. It ends with exit code 1 if
one is above 1e-4.
"""

import sys
import tempfile
from pathlib import Path

import go
import numpy as np
import seeded
import timm
import torch
import transformers
from safetensors.torch import save_file

LIMIT = 1e-4
NATIVE, LARGER = 224, 384
failed = []


def randomize(model):
    """Weights that make activations of about 1 and uneven attention, as those that libraries start from do not."""
    generator = torch.Generator().manual_seed(1)
    for name, p in model.named_parameters():
        low, high = (0.5, 1.5) if "norm" in name and name.endswith("weight") else (-0.5, 0.5)
        if p.dim() > 1 and name.endswith("weight"):
            high = (3 / p.shape[1:].numel()) ** 0.5
            low = -high
        p.data.uniform_(low, high, generator=generator)
    return model.eval()


def images(size):
    """One image, as pixels for Go and as [-1, 1] for PyTorch."""
    pixels = seeded.uniform("images", (1, size, size, 3), 0, 255)
    return pixels, torch.from_numpy(pixels / np.float32(127.5) - 1).permute(0, 3, 1, 2).contiguous()


def outputs(model, blocks, x, tokens):
    """What each block gives, and the normalized tokens."""
    seen = []
    hooks = [b.register_forward_hook(lambda _, __, y: seen.append(y[0] if isinstance(y, tuple) else y)) for b in blocks]
    last = tokens(model, x)
    for hook in hooks:
        hook.remove()
    return {**{f"block{i}_add2": y.numpy() for i, y in enumerate(seen)}, "norm": last.numpy(),
            "features": last.mean(1).numpy()}


def ours(weights, size, pixels):
    return go.activations(pixels, "-backbone=vit", f"-weights={weights}", f"-input={size}", "-every")


def compare(title, got, want):
    differences = {name: float(np.abs(got[name].reshape(y.shape) - y).max()) for name, y in want.items()}
    worst = max(differences, key=differences.get)
    if not differences[worst] <= LIMIT:
        failed.append(title)
    print(f"{title:<44} tokens {differences['norm']:.1e}  mean {differences['features']:.1e}  worst {worst} "
          f"{differences[worst]:.1e}, values up to {np.abs(want[worst]).max():.3g}", flush=True)


def hugging_face(folder, dtype):
    model = randomize(transformers.ViTForImageClassification(transformers.ViTConfig(num_labels=1000))).to(dtype)
    model.save_pretrained(folder)
    model = model.float()  # what Go computes with: rounded weights in float32
    for size in (NATIVE, LARGER):
        pixels, x = images(size)
        want = outputs(model, model.vit.layers, x,
                       lambda m, x: m.vit(x, interpolate_pos_encoding=True).last_hidden_state)
        compare(f"Hugging Face, {dtype}, {size} pixels", ours(folder / "model.safetensors", size, pixels), want)
    return model


def timm_(folder, dtype, embeddings):
    """At the larger size, timm gets the positions that transformers interpolates."""
    model = randomize(timm.create_model("vit_base_patch16_224")).to(dtype)
    path = folder / "timm.safetensors"
    save_file(model.state_dict(), path)
    state = model.float().state_dict()
    for size in (NATIVE, LARGER):
        model = timm.create_model("vit_base_patch16_224", img_size=size).eval()
        embeddings.position_embeddings.data = state["pos_embed"]
        patches = (size // 16) ** 2
        positions = embeddings.interpolate_pos_encoding(torch.zeros(1, 1 + patches, 768), size, size)
        model.load_state_dict(state | dict(pos_embed=positions))
        pixels, x = images(size)
        want = outputs(model, model.blocks, x, lambda m, x: m.forward_features(x))
        compare(f"timm, {dtype}, {size} pixels", ours(path, size, pixels), want)
    own = timm.layers.resample_abs_pos_embed(state["pos_embed"], [size // 16, size // 16])
    model.load_state_dict(state | dict(pos_embed=own))
    other = outputs(model, model.blocks, x, lambda m, x: m.forward_features(x))
    print(f"    timm's own interpolation to {size} pixels changes tokens by up to "
          f"{np.abs(other['norm'] - want['norm']).max():.2g} of {np.abs(want['norm']).max():.3g}, "
          f"their mean by up to {np.abs(other['features'] - want['features']).max():.2g}", flush=True)


with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
    folder = Path(folder)
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        model = hugging_face(folder, dtype)
        timm_(folder, dtype, model.vit.embeddings)

sys.exit(f"above {LIMIT}: {failed}" if failed else 0)
