"""Real models: what is there, and one of them checked where its package is installed."""

from __future__ import annotations

import importlib.util

import pytest

from properties.errors import UsageError
from properties.targets import models
from properties.targets.collections import check_case


def test_there_are_models_of_many_architectures_with_data_dependent_sizes() -> None:
    """Detection, keypoints, language with experts, speech, vision, graphs, metrics."""
    assert len(models.MODELS) >= 12
    assert {"rt_detr", "mixtral_routed_block", "idefics3", "gcn_mean_pool", "confusion_matrix"} <= models.MODELS.keys()


def test_a_model_of_torch_alone_is_checked_without_a_finding_of_either_pass() -> None:
    """The one that needs no package: sizes by ``unique`` and by a mask."""
    (row,) = check_case("torch:models", "retrieval_groups", ("export",), ("torch", "reference"), ())
    assert (row["outcome"], row["errors"]) == ("captured", [])
    for result in row["subjects"].values():
        assert len(result["asserts"]) >= 1
        assert not result["findings"]


@pytest.mark.skipif(importlib.util.find_spec("transformers") is not None, reason="all of .[models] is installed")
def test_says_what_is_to_be_installed() -> None:
    """Without the packages the command ends in one line that names them."""
    with pytest.raises(UsageError, match="transformers"):
        models.names()
