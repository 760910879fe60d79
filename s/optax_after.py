
import jax, optax
tx = optax.chain(optax.adam(1e-3), optax.clip_by_global_norm(1.0))
def step(p, s, g):
    u, s = tx.update(g, s, p)
    return optax.apply_updates(p, u), s
