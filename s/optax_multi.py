
import jax, optax
tx = optax.multi_transform({"a": optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)), "b": optax.adam(1e-4)}, lambda p: p)
def step(p, s, g):
    u, s = tx.update(g, s, p)
    return optax.apply_updates(p, u), s
