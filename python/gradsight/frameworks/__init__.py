"""The frameworks that the probe knows: which of their modules it waits for, and what it does to them then.

One framework is a set of files that begin with its name. None of them imports the framework at its head.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Callable, Dict, List

from .._guard import Guard
from .._imports import after_import
from .._session import Session
from .torch_reading import know_version
from .torch_recorder import TorchRecorder

# Module of the framework → the framework, and the module of this package whose `install(module, recorder)` is called.
PARTS = {
    "torch._dynamo.eval_frame": ("torch", "torch_dynamo"),
    "torch.autograd": ("torch", "torch_loss"),
    "torch.autograd.graph": ("torch", "torch_culprit"),
    "torch.nn.modules.module": ("torch", "torch_zeroing"),
    "torch.nn.utils.clip_grad": ("torch", "torch_clip"),
    "torch.optim.optimizer": ("torch", "torch_step"),
    "torch.serialization": ("torch", "torch_checkpoint"),
    "torch.distributed.checkpoint.state_dict_saver": ("torch", "torch_distributed_checkpoint"),
    "safetensors.torch": ("safetensors", "safetensors_checkpoint"),
    "ignite.handlers.checkpoint": ("ignite", "ignite_checkpoint"),
    "torch.amp.grad_scaler": ("torch", "torch_scaler"),
    "torch.cuda.amp.grad_scaler": ("torch", "torch_scaler"),
    "torch.utils.data.dataloader": ("torch", "torch_epoch"),
    "deepspeed.runtime.engine": ("deepspeed", "deepspeed_engine"),
    "deepspeed.runtime.utils": ("deepspeed", "deepspeed_clip"),
    "keras.src.optimizers.base_optimizer": ("keras", "keras_update"),
    "keras.src.optimizers.loss_scale_optimizer": ("keras", "keras_scale"),
    "keras.src.callbacks.callback_list": ("keras", "keras_epoch"),
    "keras.src.models.model": ("keras", "keras_checkpoint"),
    "accelerate.accelerator": ("accelerate", "accelerate_checkpoint"),
    "lightning.fabric.fabric": ("lightning", "lightning_checkpoint"),
    "lightning.pytorch.loops.fit_loop": ("lightning", "lightning_epoch"),
    "lightning.pytorch.trainer.trainer": ("lightning", "lightning_checkpoint"),
    "lightning_fabric.fabric": ("lightning", "lightning_checkpoint"),
    "pytorch_lightning.loops.fit_loop": ("lightning", "lightning_epoch"),
    "pytorch_lightning.trainer.trainer": ("lightning", "lightning_checkpoint"),
    "transformers.trainer": ("transformers", "transformers_trainer"),
    "jax": ("jax", "jax_loss"),
    "tf_keras.src.callbacks": ("tf_keras", "keras_epoch"),
    "tf_keras.src.engine.training": ("tf_keras", "keras_checkpoint"),
    "tf_keras.src.optimizers.optimizer": ("tf_keras", "keras_legacy"),
    "mlx.core": ("mlx", "mlx_graph"),
    "mlx.optimizers.optimizers": ("mlx", "mlx_update"),
    "orbax.checkpoint._src.checkpointers.async_checkpointer": ("orbax", "orbax_checkpoint"),
    "orbax.checkpoint._src.checkpointers.checkpointer": ("orbax", "orbax_checkpoint"),
    "optax._src.base": ("optax", "optax_update"),
    "optax.transforms._clipping": ("optax", "optax_clip"),
    "optax._src.clipping": ("optax", "optax_clip"),
    "optax.transforms._accumulation": ("optax", "optax_accumulation"),
    "tensorflow.python.checkpoint.checkpoint": ("tensorflow", "tensorflow_checkpoint"),
    "tensorflow.python.eager.backprop": ("tensorflow", "tensorflow_loss"),
    "tensorflow.python.ops.clip_ops": ("tensorflow", "tensorflow_clip"),
}
NAMES = {
    "torch": "PyTorch",
    "safetensors": "safetensors",
    "ignite": "Ignite",
    "deepspeed": "DeepSpeed",
    "keras": "Keras",
    "tf_keras": "Keras 2",
    "accelerate": "Accelerate",
    "lightning": "Lightning",
    "transformers": "Transformers",
    "jax": "JAX",
    "mlx": "MLX",
    "optax": "Optax",
    "orbax": "Orbax",
    "tensorflow": "TensorFlow",
}


def install(session: Session) -> TorchRecorder:
    recorder = TorchRecorder(session)

    def callback(framework: str, part: str) -> Callable[[ModuleType], object]:
        def installed(module: ModuleType) -> None:
            version = str(getattr(sys.modules[framework], "__version__", "")) if framework == "torch" else ""
            if version:
                know_version(version)
            importlib.import_module(f"{__name__}.{part}").install(module, recorder)
            if version and session.framework[0] in (None, "torch"):  # what rides on PyTorch tells of itself
                session.uses("torch", version)

        return Guard(f"recording {NAMES[framework]} ({part})")(installed)

    callbacks: Dict[str, Callable[[ModuleType], object]] = {
        name: callback(framework, part) for name, (framework, part) in PARTS.items()
    }
    after_import(callbacks)
    _recorders.append(recorder)
    return recorder


_recorders: List[TorchRecorder] = []


def move(session: Session) -> None:
    """What is recorded from here on belongs to this session, whose predecessor is closed."""
    for recorder in _recorders:
        recorder.move(session)
