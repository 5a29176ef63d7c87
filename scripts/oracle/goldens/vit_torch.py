"""What transformers and timm compute for a small ViT with seeded weights, and how they interpolate position embeddings."""

import tempfile
from pathlib import Path

import seeded
import testdata
import timm.layers
import torch
import transformers
import vit_golden as small
from safetensors.torch import load_file, save_file
from timm.models.vision_transformer import VisionTransformer


def fill(tensors):
    """Rows for the golden file, and the seeded tensors, for those of a file."""
    rows, filled = [], {}
    for name in sorted(tensors):
        shape = tensors[name].shape
        matrix = name.endswith(".weight") and len(shape) > 1
        row, values = small.tensor(name, shape, shape[1:].numel() if matrix else 0)
        rows.append(row)
        filled[name] = torch.from_numpy(values)
    return rows, filled


def images(n, size):
    return torch.from_numpy(small.images(n, size)).permute(0, 3, 1, 2).contiguous()


def hugging_face():
    """The names are those that save_pretrained writes, which are not those in memory."""
    config = transformers.ViTConfig(
        hidden_size=small.WIDTH, num_hidden_layers=small.BLOCKS, num_attention_heads=small.HEADS,
        intermediate_size=4 * small.WIDTH, image_size=small.INPUT, patch_size=small.PATCH, num_labels=small.CLASSES)
    with tempfile.TemporaryDirectory() as folder:
        transformers.ViTForImageClassification(config).save_pretrained(folder)
        path = Path(folder) / "model.safetensors"
        rows, filled = fill(load_file(path))
        save_file(filled, path, metadata={"format": "pt"})
        model = transformers.ViTForImageClassification.from_pretrained(folder).eval()
    runs = [small.run(size, model.vit(images(n, size), interpolate_pos_encoding=True).last_hidden_state)
            for n, size in ((2, small.INPUT), (1, 96), (1, 40))]
    runs.append(small.run(small.INPUT, model(images(2, small.INPUT)).logits.softmax(-1), top=True))
    return dict(library="Hugging Face", tensors=rows, runs=runs)


def timm_():
    model = VisionTransformer(img_size=small.INPUT, patch_size=small.PATCH, embed_dim=small.WIDTH, depth=small.BLOCKS,
                              num_heads=small.HEADS, num_classes=small.CLASSES).eval()
    rows, filled = fill(model.state_dict())
    model.load_state_dict(filled)
    x = images(2, small.INPUT)
    runs = [small.run(small.INPUT, model.forward_features(x)), small.run(small.INPUT, model(x).softmax(-1), top=True)]
    return dict(library="timm", tensors=rows, runs=runs)


def positions(before, after, d=2):
    """A table [1 + before², d] interpolated as transformers does, and how far timm is from it."""
    table = torch.from_numpy(seeded.uniform("positions", (1, 1 + before**2, d)))
    embeddings = transformers.models.vit.modeling_vit.ViTEmbeddings(
        transformers.ViTConfig(hidden_size=d, image_size=before, patch_size=1))
    embeddings.position_embeddings.data = table
    resized = embeddings.interpolate_pos_encoding(torch.zeros(1, 1 + after**2, d), after, after)
    timms = timm.layers.resample_abs_pos_embed(table, [after, after])
    print(f"{before}×{before} to {after}×{after}, values in ±1: timm differs by at most",
          f"{(timms - resized).abs().max():.3f}, by {(timms - resized).pow(2).mean().sqrt():.3f} in the root mean square")
    return dict(before=before, after=after, table=seeded.numbers(resized))


with torch.inference_mode():
    testdata.write("lib/backbone/testdata/vit_torch.json.gz", [hugging_face(), timm_()])
    testdata.write("lib/backbone/testdata/positions.json.gz",
                 [positions(*sizes) for sizes in ((4, 6), (4, 2), (14, 24), (14, 15), (14, 7))])
