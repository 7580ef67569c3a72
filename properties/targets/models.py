"""Real models with random weights and small configurations, from packages that install beside torch (``.[models]``).

Nothing is downloaded. Detection heads filter by score, mixtures of experts route by data, multi-modal models scatter
features into masked places: where the sizes of real programs depend on data.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import torch

from properties.errors import NotCaptured, UsageError
from properties.targets.code import Code
from properties.targets.inputs import automatic, for_export
from properties.targets.transformers_models import ARCHITECTURES, made

Made = tuple[torch.nn.Module, tuple[Any, ...]]
_PACKAGES = ("transformers", "torch_geometric", "torchmetrics")


def names() -> list[str]:
    missing = [package for package in _PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        raise UsageError(f"torch:models: {', '.join(missing)} not installed; install '.[models]'")
    return list(MODELS)


def codes(name: str) -> list[Code]:
    """The model ``name`` with every size of 2 and more left open."""
    torch.manual_seed(0)
    try:
        model, args = MODELS[name]()
    except Exception as error:
        raise NotCaptured(f"cannot be made: {type(error).__name__}: {error}"[:300]) from error
    shapes = for_export(name, model, args, {}, automatic(args, {}))
    return [Code(name, model.eval(), args, {}, shapes)]


class _Routed(torch.nn.Module):
    """One block of Mixtral whose experts are looped over, each on the tokens that the router gave it.

    That is how transformers ran experts before its release 5, and how many models still do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.block = made(ARCHITECTURES["mixtral"])[0].get_submodule("model.model.layers.0.mlp")

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        block: Any = self.block
        scores = torch.nn.functional.linear(states, block.gate.weight).softmax(-1)
        weights, chosen = scores.topk(2, dim=-1)
        result = torch.zeros_like(states)
        for expert in range(block.experts.gate_up_proj.shape[0]):
            rows, places = torch.where(chosen == expert)
            picked = states[rows]
            gate, up = torch.nn.functional.linear(picked, block.experts.gate_up_proj[expert]).chunk(2, dim=-1)
            made = torch.nn.functional.linear(torch.nn.functional.silu(gate) * up, block.experts.down_proj[expert])
            result = result.index_add(0, rows, made * weights[rows, places].unsqueeze(1))
        return result


def mixtral_routed_block() -> Made:
    return _Routed(), (torch.rand(6, 16),)


class _Graph(torch.nn.Module):
    def __init__(self, convolution: torch.nn.Module, pool: Callable[..., Any]) -> None:
        super().__init__()
        self.convolution, self.pool = convolution, pool

    def forward(
        self, nodes: torch.Tensor, edges: torch.Tensor, batch: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        """The number of graphs is the size of ``weights``: torch refuses to read it out of ``batch``."""
        pooled = self.pool(self.convolution(nodes, edges).relu(), batch, size=weights.shape[0])
        return pooled * weights.unsqueeze(1)


def _graph_inputs() -> tuple[torch.Tensor, ...]:
    edges = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3]])
    return torch.rand(6, 4), edges, torch.tensor([0, 0, 0, 1, 1, 1]), torch.ones(2)


def gcn_mean_pool() -> Made:
    library: Any = import_module("torch_geometric.nn")
    return _Graph(library.GCNConv(4, 8), library.global_mean_pool), _graph_inputs()


def gat_max_pool() -> Made:
    library: Any = import_module("torch_geometric.nn")
    return _Graph(library.GATConv(4, 8), library.global_max_pool), _graph_inputs()


def sage_add_pool() -> Made:
    library: Any = import_module("torch_geometric.nn")
    return _Graph(library.SAGEConv(4, 8), library.global_add_pool), _graph_inputs()


class _Confusion(torch.nn.Module):
    def forward(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        library: Any = import_module("torchmetrics.functional.classification")
        return library.multiclass_confusion_matrix(
            predicted, target, num_classes=3, ignore_index=2, validate_args=False
        )


def confusion_matrix() -> Made:
    return _Confusion(), (torch.tensor([0, 1, 2, 1, 0]), torch.tensor([0, 1, 2, 2, 1]))


class _Retrieval(torch.nn.Module):
    def forward(self, scores: torch.Tensor, target: torch.Tensor, indexes: torch.Tensor) -> Any:
        """Precision over the relevant documents of each query, the queries found in the data."""
        queries, counts = torch.unique(indexes, return_counts=True)
        relevant = scores[target > 0]
        return queries, counts, relevant.sigmoid().mean()


def retrieval_groups() -> Made:
    return _Retrieval(), (torch.rand(6), torch.tensor([1, 0, 1, 0, 1, 1]), torch.tensor([0, 0, 1, 1, 2, 2]))


_OWN: Mapping[str, Callable[[], Made]] = {
    "mixtral_routed_block": mixtral_routed_block,
    "gcn_mean_pool": gcn_mean_pool,
    "gat_max_pool": gat_max_pool,
    "sage_add_pool": sage_add_pool,
    "confusion_matrix": confusion_matrix,
    "retrieval_groups": retrieval_groups,
}
MODELS: Mapping[str, Callable[[], Made]] = {
    **{name: partial(made, architecture) for name, architecture in ARCHITECTURES.items()},
    **_OWN,
}
