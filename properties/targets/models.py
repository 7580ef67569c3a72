"""Real models with random weights and small configurations, from packages that install beside torch (``.[models]``).

Nothing is downloaded. Detection heads filter by score, mixtures of experts route by data, multi-modal models scatter
features into masked places: where the sizes of real programs depend on data.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch

from properties.errors import NotCaptured, UsageError
from properties.targets.code import Code
from properties.targets.inputs import automatic, for_export

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


class _Head(torch.nn.Module):
    """A model and what is done with its outputs, as the code around a deployed model does it."""

    def __init__(self, model: torch.nn.Module, head: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.head = model, head

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.head(self.model, *inputs)


def _named(*names: str) -> Callable[..., Any]:
    def call(model: torch.nn.Module, *inputs: torch.Tensor) -> Any:
        return model(**dict(zip(names, inputs, strict=True))).logits

    return call


def _confident(model: torch.nn.Module, pixels: torch.Tensor) -> Any:
    """Boxes above a threshold, as every detector's post-processing picks them."""
    found = model(pixel_values=pixels)
    scores, labels = found.logits.sigmoid().max(-1)
    keep = scores > 0.3
    return found.pred_boxes[keep], scores[keep], labels[keep]


def _where_confident(model: torch.nn.Module, pixels: torch.Tensor) -> Any:
    found = model(pixel_values=pixels)
    scores = found.logits.softmax(-1)[..., :-1].amax(-1)
    places = (scores > 0.05).nonzero()
    return found.pred_boxes[places[:, 0], places[:, 1]], places


def rt_detr() -> Made:
    library: Any = import_module("transformers")
    backbone = library.RTDetrResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1], out_features=["stage2", "stage3", "stage4"]
    )
    config = library.RTDetrConfig(
        backbone_config=backbone,
        encoder_hidden_dim=16,
        encoder_in_channels=[16, 16, 16],
        feat_channels=[16, 16, 16],
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        d_model=16,
        num_queries=10,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        decoder_layers=1,
        num_labels=4,
        num_denoising=0,
    )
    return _Head(library.RTDetrForObjectDetection(config), _confident), (torch.rand(2, 3, 64, 64),)


def detr() -> Made:
    library: Any = import_module("transformers")
    backbone = library.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], out_features=["stage4"]
    )
    config = library.DetrConfig(
        backbone_config=backbone,
        use_timm_backbone=False,
        backbone=None,
        use_pretrained_backbone=False,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_queries=8,
        num_labels=4,
    )
    return _Head(library.DetrForObjectDetection(config), _where_confident), (torch.rand(2, 3, 64, 64),)


def yolos() -> Made:
    library: Any = import_module("transformers")
    config = library.YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[32, 32],
        patch_size=8,
        num_detection_tokens=6,
        num_labels=3,
    )
    return _Head(library.YolosForObjectDetection(config), _where_confident), (torch.rand(2, 3, 32, 32),)


def superpoint() -> Made:
    library: Any = import_module("transformers")
    config = library.SuperPointConfig(
        encoder_hidden_sizes=[8, 8, 8, 8], decoder_hidden_size=16, descriptor_decoder_dim=16
    )

    def keypoints(model: torch.nn.Module, pixels: torch.Tensor) -> Any:
        return model(pixel_values=pixels).keypoints

    return _Head(library.SuperPointForKeypointDetection(config), keypoints), (torch.rand(1, 3, 48, 64),)


def idefics3() -> Made:
    library: Any = import_module("transformers")
    config = library.Idefics3Config(
        image_token_id=9,
        scale_factor=2,
        vision_config={
            "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": 16, "patch_size": 4,
        },
        text_config={
            "model_type": "llama", "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 2, "vocab_size": 20, "pad_token_id": 0,
        },
    )  # fmt: skip
    tokens = torch.full((2, 10), 3)
    tokens[:, 2:6] = 9
    return _Head(
        library.Idefics3ForConditionalGeneration(config), _named("input_ids", "attention_mask", "pixel_values")
    ), (
        tokens,
        torch.ones_like(tokens),
        torch.rand(2, 1, 3, 16, 16),
    )


def llava() -> Made:
    library: Any = import_module("transformers")
    vision = library.CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=8
    )
    text = library.LlamaConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=20, pad_token_id=0
    )
    config = library.LlavaConfig(vision_config=vision, text_config=text, image_token_index=9, image_token_id=9)
    tokens = torch.full((2, 8), 3)
    tokens[:, 1:5] = 9
    return _Head(
        library.LlavaForConditionalGeneration(config), _named("input_ids", "pixel_values", "attention_mask")
    ), (
        tokens,
        torch.rand(2, 3, 16, 16),
        torch.ones_like(tokens),
    )


def bart_classification() -> Made:
    library: Any = import_module("transformers")
    config = library.BartConfig(
        vocab_size=20,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=32,
        eos_token_id=2,
        num_labels=3,
    )
    tokens = torch.tensor([[5, 6, 7, 2], [8, 9, 4, 2]])
    return _Head(library.BartForSequenceClassification(config), _named("input_ids", "attention_mask")), (
        tokens,
        torch.ones_like(tokens),
    )


def _causal(config_name: str, model_name: str, experts: str = "eager", **options: Any) -> Made:
    """A language model with experts; ``experts`` says how transformers runs them (``eager`` loops over those hit)."""
    library: Any = import_module("transformers")
    common = {
        "vocab_size": 20, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
        "num_key_value_heads": 2, "max_position_embeddings": 32, "pad_token_id": 0, "eos_token_id": 2,
    }  # fmt: skip
    config = getattr(library, config_name)(**{**common, **options})
    config._experts_implementation = experts
    model = getattr(library, model_name)(config)
    tokens = torch.randint(3, 20, (2, 6))
    return _Head(model, _named("input_ids", "attention_mask")), (tokens, torch.ones_like(tokens))


def mixtral() -> Made:
    return _causal("MixtralConfig", "MixtralForCausalLM", num_local_experts=4, num_experts_per_tok=2)


class _Routed(torch.nn.Module):
    """One block of Mixtral whose experts are looped over, each on the tokens that the router gave it.

    That is how transformers ran experts before its release 5, and how many models still do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.block = mixtral()[0].get_submodule("model.model.layers.0.mlp")

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


def qwen2_moe() -> Made:
    return _causal(
        "Qwen2MoeConfig",
        "Qwen2MoeForCausalLM",
        "batched_mm",
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=8,
        shared_expert_intermediate_size=8,
        decoder_sparse_step=1,
    )


def qwen3_moe() -> Made:
    return _causal(
        "Qwen3MoeConfig",
        "Qwen3MoeForCausalLM",
        "grouped_mm",
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=8,
        head_dim=8,
        decoder_sparse_step=1,
        mlp_only_layers=[],
    )


def olmoe() -> Made:
    return _causal("OlmoeConfig", "OlmoeForCausalLM", num_experts=4, num_experts_per_tok=2)


def bert_masked_positions() -> Made:
    """The head of a masked language model on the masked positions alone."""
    library: Any = import_module("transformers")
    config = library.BertConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )

    def masked(model: torch.nn.Module, tokens: torch.Tensor) -> Any:
        return model(input_ids=tokens).logits[tokens == 4]

    tokens = torch.tensor([[5, 4, 7, 2, 8], [8, 9, 4, 4, 2]])
    return _Head(library.BertForMaskedLM(config), masked), (tokens,)


def wav2vec2_ctc() -> Made:
    """Greedy decoding of speech: repeated labels and blanks are dropped."""
    library: Any = import_module("transformers")
    config = library.Wav2Vec2Config(
        vocab_size=8,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_kernel=(8, 4),
        conv_stride=(4, 2),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )

    def decoded(model: torch.nn.Module, audio: torch.Tensor) -> Any:
        labels = model(input_values=audio).logits[0].argmax(-1)
        kept = torch.unique_consecutive(labels)
        return kept[kept != 0]

    return _Head(library.Wav2Vec2ForCTC(config), decoded), (torch.randn(1, 400),)


def vit_kept_patches() -> Made:
    """A vision transformer whose patches are pruned by their norm."""
    library: Any = import_module("transformers")
    config = library.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16, patch_size=4
    )

    def pruned(model: torch.nn.Module, pixels: torch.Tensor) -> Any:
        states = model(pixel_values=pixels).last_hidden_state
        return states[states.norm(dim=-1) > 3.9]

    return _Head(library.ViTModel(config), pruned), (torch.rand(2, 3, 16, 16),)


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


MODELS: dict[str, Callable[[], Made]] = {
    maker.__name__: maker
    for maker in (
        rt_detr,
        detr,
        yolos,
        superpoint,
        idefics3,
        llava,
        bart_classification,
        mixtral,
        mixtral_routed_block,
        qwen2_moe,
        qwen3_moe,
        olmoe,
        bert_masked_positions,
        wav2vec2_ctc,
        vit_kept_patches,
        gcn_mean_pool,
        gat_max_pool,
        sage_add_pool,
        confusion_matrix,
        retrieval_groups,
    )
}
