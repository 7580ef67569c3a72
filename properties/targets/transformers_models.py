"""Models of transformers with small configurations: a table of what each is made of, and of what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import torch


class Config:
    """A configuration by the name of its class; options may be configurations themselves."""

    def __init__(self, name: str, **options: Any) -> None:
        self.name, self.options = name, options

    def made(self, library: Any) -> Any:
        options = {
            key: value.made(library) if isinstance(value, Config) else value for key, value in self.options.items()
        }
        return getattr(library, self.name)(**options)


@dataclass(frozen=True)
class Architecture:
    """``head`` calls the model as the code around a deployed model does; ``inputs`` are its example inputs.

    ``experts`` says how transformers runs a mixture of them; ``eager`` loops over those that were hit.
    """

    model: str
    config: Config
    head: Callable[..., Any]
    inputs: Callable[[], tuple[torch.Tensor, ...]]
    experts: str = ""


class Headed(torch.nn.Module):
    """A model and what is done with its outputs."""

    def __init__(self, model: torch.nn.Module, head: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.head = model, head

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.head(self.model, *inputs)


def made(architecture: Architecture) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """The model with random weights, and its example inputs."""
    library: Any = import_module("transformers")
    config = architecture.config.made(library)
    if architecture.experts:
        config._experts_implementation = architecture.experts
    model = getattr(library, architecture.model)(config)
    return Headed(model, architecture.head), architecture.inputs()


def _logits(*names: str) -> Callable[..., Any]:
    def head(model: torch.nn.Module, *inputs: torch.Tensor) -> Any:
        return model(**dict(zip(names, inputs, strict=True))).logits

    return head


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


def _keypoints(model: torch.nn.Module, pixels: torch.Tensor) -> Any:
    return model(pixel_values=pixels).keypoints


def _kept_patches(model: torch.nn.Module, pixels: torch.Tensor) -> Any:
    """Patches pruned by their norm."""
    states = model(pixel_values=pixels).last_hidden_state
    return states[states.norm(dim=-1) > 3.9]


def _masked_positions(model: torch.nn.Module, tokens: torch.Tensor) -> Any:
    """The head of a masked language model on the masked positions alone."""
    return model(input_ids=tokens).logits[tokens == 4]


def _decoded(model: torch.nn.Module, audio: torch.Tensor) -> Any:
    """Greedy decoding of speech: repeated labels and blanks are dropped."""
    labels = model(input_values=audio).logits[0].argmax(-1)
    kept = torch.unique_consecutive(labels)
    return kept[kept != 0]


def _pixels(*sizes: int) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: (torch.rand(*sizes),)


def _rows(*rows: list[int]) -> Callable[[], tuple[torch.Tensor, ...]]:
    return lambda: (torch.tensor(rows),)


def _text(*rows: list[int]) -> Callable[[], tuple[torch.Tensor, ...]]:
    """Tokens and the mask that attends to all of them."""
    return lambda: (torch.tensor(rows), torch.ones(len(rows), len(rows[0]), dtype=torch.int64))


def _random_text() -> tuple[torch.Tensor, ...]:
    tokens = torch.randint(3, 20, (2, 6))
    return tokens, torch.ones_like(tokens)


def _text_with_images() -> tuple[torch.Tensor, ...]:
    tokens = torch.full((2, 10), 3)
    tokens[:, 2:6] = 9
    return tokens, torch.ones_like(tokens), torch.rand(2, 1, 3, 16, 16)


def _image_and_text() -> tuple[torch.Tensor, ...]:
    tokens = torch.full((2, 8), 3)
    tokens[:, 1:5] = 9
    return tokens, torch.rand(2, 3, 16, 16), torch.ones_like(tokens)


_ENCODER = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
_DECODER = {**_ENCODER, "vocab_size": 20, "pad_token_id": 0}
_CAUSAL = {**_DECODER, "num_key_value_heads": 2, "max_position_embeddings": 32, "eos_token_id": 2}
_SEQ2SEQ = {
    "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16, "decoder_ffn_dim": 16,
}  # fmt: skip
_MIXTURE = {**_CAUSAL, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 8, "decoder_sparse_step": 1}
_ATTENDED = _logits("input_ids", "attention_mask")
_THREE = [16, 16, 16]

DETECTION: Mapping[str, Architecture] = {
    "rt_detr": Architecture(
        "RTDetrForObjectDetection",
        Config(
            "RTDetrConfig",
            backbone_config=Config(
                "RTDetrResNetConfig", embedding_size=8, hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1],
                out_features=["stage2", "stage3", "stage4"],
            ),
            encoder_hidden_dim=16, encoder_in_channels=_THREE, feat_channels=_THREE, encoder_ffn_dim=16,
            encoder_attention_heads=2, decoder_attention_heads=2, d_model=16, num_queries=10,
            decoder_in_channels=_THREE, decoder_ffn_dim=16, decoder_layers=1, num_labels=4, num_denoising=0,
        ),
        _confident,
        _pixels(2, 3, 64, 64),
    ),
    "detr": Architecture(
        "DetrForObjectDetection",
        Config(
            "DetrConfig",
            backbone_config=Config(
                "ResNetConfig", embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1],
                out_features=["stage4"],
            ),
            use_timm_backbone=False, backbone=None, use_pretrained_backbone=False, num_queries=8, num_labels=4,
            **_SEQ2SEQ,
        ),
        _where_confident,
        _pixels(2, 3, 64, 64),
    ),
    "yolos": Architecture(
        "YolosForObjectDetection",
        Config("YolosConfig", image_size=[32, 32], patch_size=8, num_detection_tokens=6, num_labels=3, **_ENCODER),
        _where_confident,
        _pixels(2, 3, 32, 32),
    ),
    "superpoint": Architecture(
        "SuperPointForKeypointDetection",
        Config(
            "SuperPointConfig", encoder_hidden_sizes=[8, 8, 8, 8], decoder_hidden_size=16, descriptor_decoder_dim=16
        ),
        _keypoints,
        _pixels(1, 3, 48, 64),
    ),
}  # fmt: skip

SEVERAL_MODES: Mapping[str, Architecture] = {
    "idefics3": Architecture(
        "Idefics3ForConditionalGeneration",
        Config(
            "Idefics3Config", image_token_id=9, scale_factor=2,
            vision_config={**_ENCODER, "image_size": 16, "patch_size": 4},
            text_config={**_DECODER, "model_type": "llama", "num_key_value_heads": 2},
        ),
        _logits("input_ids", "attention_mask", "pixel_values"),
        _text_with_images,
    ),
    "llava": Architecture(
        "LlavaForConditionalGeneration",
        Config(
            "LlavaConfig", image_token_index=9, image_token_id=9,
            vision_config=Config(
                "CLIPVisionConfig", **{**_ENCODER, "num_hidden_layers": 2}, image_size=16, patch_size=8
            ),
            text_config=Config("LlamaConfig", **_DECODER),
        ),
        _logits("input_ids", "pixel_values", "attention_mask"),
        _image_and_text,
    ),
}  # fmt: skip

LANGUAGE: Mapping[str, Architecture] = {
    "bart_classification": Architecture(
        "BartForSequenceClassification",
        Config("BartConfig", vocab_size=20, max_position_embeddings=32, eos_token_id=2, num_labels=3, **_SEQ2SEQ),
        _ATTENDED,
        _text([5, 6, 7, 2], [8, 9, 4, 2]),
    ),
    "bert_masked_positions": Architecture(
        "BertForMaskedLM",
        Config("BertConfig", vocab_size=20, **_ENCODER),
        _masked_positions,
        _rows([5, 4, 7, 2, 8], [8, 9, 4, 4, 2]),
    ),
}

EXPERTS: Mapping[str, Architecture] = {
    "mixtral": Architecture(
        "MixtralForCausalLM",
        Config("MixtralConfig", num_local_experts=4, num_experts_per_tok=2, **_CAUSAL),
        _ATTENDED,
        _random_text,
        "eager",
    ),
    "qwen2_moe": Architecture(
        "Qwen2MoeForCausalLM",
        Config("Qwen2MoeConfig", shared_expert_intermediate_size=8, **_MIXTURE),
        _ATTENDED,
        _random_text,
        "batched_mm",
    ),
    "qwen3_moe": Architecture(
        "Qwen3MoeForCausalLM",
        Config("Qwen3MoeConfig", head_dim=8, mlp_only_layers=[], **_MIXTURE),
        _ATTENDED,
        _random_text,
        "grouped_mm",
    ),
    "olmoe": Architecture(
        "OlmoeForCausalLM",
        Config("OlmoeConfig", num_experts=4, num_experts_per_tok=2, **_CAUSAL),
        _ATTENDED,
        _random_text,
        "eager",
    ),
}

SPEECH_AND_VISION: Mapping[str, Architecture] = {
    "wav2vec2_ctc": Architecture(
        "Wav2Vec2ForCTC",
        Config(
            "Wav2Vec2Config", vocab_size=8, conv_dim=(8, 8), conv_kernel=(8, 4), conv_stride=(4, 2),
            num_feat_extract_layers=2, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, **_ENCODER,
        ),
        _decoded,
        lambda: (torch.randn(1, 400),),
    ),
    "vit_kept_patches": Architecture(
        "ViTModel", Config("ViTConfig", image_size=16, patch_size=4, **_ENCODER), _kept_patches, _pixels(2, 3, 16, 16)
    ),
}  # fmt: skip

ARCHITECTURES: Mapping[str, Architecture] = {
    **DETECTION, **SEVERAL_MODES, **LANGUAGE, **EXPERTS, **SPEECH_AND_VISION,
}  # fmt: skip
