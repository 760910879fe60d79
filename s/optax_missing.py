
import jax, optax
from flax import linen as nn
class M(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.RNN(nn.LSTMCell(8))(x)
m = M()
params = m.init(jax.random.key(0), 0)
tx = optax.adam(1e-3)
st = tx.init(params)
@jax.jit
def step(params, st, x):
    g = jax.grad(lambda p: m.apply(p, x).sum())(params)
    u, st = tx.update(g, st, params)
    return optax.apply_updates(params, u), st
