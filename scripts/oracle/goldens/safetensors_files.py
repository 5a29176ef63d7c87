"""Small checkpoints as PyTorch programs write them, for the tests of lib/weights: files, and what Python reads in them."""

from pathlib import Path

import huggingface_hub
import seeded
import testdata
import torch
from safetensors.torch import load_file, save_file

folder = Path("lib/weights/testdata/safetensors")

SHAPES = {
    "cls_token": (1, 1, 4),
    "vit.embeddings.patch_embeddings.projection.bias": (4,),
    "vit.embeddings.patch_embeddings.projection.weight": (4, 3, 2, 2),
    "vit.encoder.layer.0.attention.attention.query.bias": (4,),
    "vit.encoder.layer.0.attention.attention.query.weight": (4, 4),
    "vit.encoder.layer.10.layernorm_before.weight": (4,),
    "vit.encoder.layer.2.layernorm_before.weight": (4,),
    "vit.empty.weight": (0, 4),
    "vit.scale": (),
}


def state(dtype=torch.float32):
    tensors = {name: torch.from_numpy(seeded.uniform(name, shape)).to(dtype) for name, shape in SHAPES.items()}
    info = torch.finfo(dtype)
    # the largest and smallest that the type has and float32 holds
    largest, smallest = min(info.max, torch.finfo(torch.float32).max), max(info.smallest_normal, 1e-45)
    tensors["vit.extremes.weight"] = torch.tensor([largest, -largest, smallest, smallest / 2, -0.0, 0.0]).to(dtype)
    return tensors


def golden(name, path, notes=()):
    """What a reader should find, tensor by tensor, in the order of Python's names."""
    tensors = {}
    for file in sorted(folder.glob(path)):
        tensors |= load_file(file)
    want = {n: {"shape": list(t.shape), "data": seeded.numbers(t.to(torch.float32).numpy())}
            for n, t in sorted(tensors.items()) if t.dtype.is_floating_point}
    testdata.write(f"{folder}/{name}.json", {"notes": list(notes), "tensors": want})


(folder / "sharded").mkdir(parents=True)
count = len(SHAPES) + 1
for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
    name = str(dtype).removeprefix("torch.")
    save_file(state(dtype), folder / f"{name}.safetensors", metadata={"format": "pt"})
    notes = [] if name == "float32" else [f"{count} tensors of type {name} were converted to float32"]
    golden(name, f"{name}.safetensors", notes)

mixed = state(torch.float16)
for name in list(mixed):
    if "layernorm" in name:
        mixed[name] = mixed[name].to(torch.float32)
mixed["vit.embeddings.position_ids"] = torch.arange(5)
mixed["vit.norm.num_batches_tracked"] = torch.tensor(3, dtype=torch.int32)
save_file(mixed, folder / "mixed.safetensors")
golden("mixed", "mixed.safetensors", [
    f"{count - 2} tensors of type float16 were converted to float32",
    "left out, since integers are no weights: vit.embeddings.position_ids (int64), vit.norm.num_batches_tracked (int32)",
])

huggingface_hub.save_torch_state_dict(state(), folder / "sharded", max_shard_size=200)
golden("sharded", "sharded/*.safetensors")

save_file({"a.weight": torch.ones(2).to(torch.float8_e4m3fn)}, folder / "refused_float8.safetensors")
save_file({"a.weight": torch.ones(2, dtype=torch.int32)}, folder / "refused_int32.safetensors")
save_file({"cls_token": torch.tensor([1.0, float("nan")])}, folder / "refused_nan.safetensors")
save_file({"a.weight": torch.tensor([1e300], dtype=torch.float64)}, folder / "refused_overflow.safetensors")
