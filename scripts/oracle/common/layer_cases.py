"""Single layers on seeded inputs, with what Keras computes, for the tests of lib/layer."""

import seeded
import tensorflow as tf

cases = []


def case(op, config, layer, *shapes, low=-1.0, high=1.0, call=None):
    """One layer on inputs of these shapes. config is its name here; Go reads what Keras writes. call is how Keras computes
    what our layer does, where it is not layer(x); then gradients of the sum of y·u are stored too, u being seeded."""
    name = f"{op} {config} on {list(shapes)}".replace("'", "")
    xs = [tf.constant(seeded.uniform(f"{name}/x{i}", shape, low, high)) for i, shape in enumerate(shapes)]
    x = xs if len(xs) > 1 else xs[0]
    (call or layer)(x)  # makes the weights
    seeded.fill(layer, name)
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = (call or layer)(x)
        loss = tf.reduce_sum(y * seeded.uniform(f"{name}/u", y.shape))
    written = layer.get_config() if op == type(layer).__name__ else {}
    found = dict(name=name, op={"class_name": op, "config": written}, shapes=shapes, low=low, high=high,
                 output=list(y.shape), values=seeded.numbers(y))
    if call:
        gradients = tape.gradient(loss, [*xs, *[w.value for w in layer.trainable_weights]])
        names = ["x"] if len(xs) == 1 else [f"x{i}" for i in range(len(xs))]
        names += [seeded.weight_name(layer, w) for w in layer.trainable_weights]
        found["gradients"] = {name: seeded.numbers(g) for name, g in zip(names, gradients)}
    cases.append(found)


def with_gradients(op, config, layer, *shapes, call=None, **bounds):
    case(op, config, layer, *shapes, call=call or layer, **bounds)
