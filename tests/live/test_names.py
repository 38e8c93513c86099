"""Many names are looked up as each would be by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from reconciler.live.searching.names import Names, called, unfound
from reconciler.model.asset import Asset
from reconciler.model.desired import PhotoName
from reconciler.model.origin import Origin
from reconciler.model.selectors import All
from reconciler.model.values import AssetType

AT = datetime(2024, 6, 1, tzinfo=UTC)
TEXTS = st.sampled_from(["a", "A", "b", "Zoe\u0308", "ZOË"])


@st.composite
def assets(draw: st.DrawFn) -> Asset:
    key, checksum, file, path = (draw(TEXTS) for _ in range(4))
    return Asset(key, "me", checksum, file, path, AssetType.IMAGE, AT, AT, AT)


@st.composite
def names(draw: st.DrawFn) -> PhotoName:
    part = draw(st.sampled_from(["id", "checksum", "file", "path"]))
    return PhotoName(All(()), "name", Origin("a.yaml", 1), **{part: draw(TEXTS)})


@given(st.lists(names(), max_size=4), assets())
def test_some_names_mean_what_one_of_them_means(some: list[PhotoName], asset: Asset) -> None:
    assert Names(some).mean(asset) is any(called(asset, name) for name in some)


@given(st.lists(names(), max_size=4), st.lists(assets(), max_size=3))
def test_unfound_is_what_none_is_called(some: list[PhotoName], there: list[Asset]) -> None:
    known = {asset.id: asset for asset in there}
    missing = unfound(some, known)
    assert list(missing) == [
        name for name in some if not any(called(asset, name) for asset in known.values())
    ]
