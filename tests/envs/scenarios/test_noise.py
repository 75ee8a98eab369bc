import numpy as np
import pytest

from heatrouter.envs.scenarios.noise import correlated, moving_mean, stream


@pytest.mark.parametrize("correlation", [1.0, 10.0, 300.0])
def test_correlated_noise_is_standard_and_decays_exponentially(correlation: float) -> None:
    # Enough years for the slow one: the error of a correlation is about sqrt(2 T / n).
    noise = np.stack([correlated(stream((k,), "x"), 20_000, correlation) for k in range(40)])
    assert noise.mean() == pytest.approx(0.0, abs=0.06)
    assert noise.std() == pytest.approx(1.0, abs=0.03)
    lag = max(1, int(correlation))
    measured = np.mean(noise * np.roll(noise, lag, axis=1))
    assert measured == pytest.approx(np.exp(-lag / correlation), abs=0.05)


def test_noise_closes_at_the_end() -> None:
    noise = correlated(stream((3,), "x"), 8760, 100.0)
    assert abs(noise[0] - noise[-1]) < 5.0 * np.abs(np.diff(noise)).std()


def test_the_recursion_holds_at_every_step() -> None:
    rng, same = stream((1,), "x"), stream((1,), "x")
    noise = correlated(rng, 500, 8.0)
    innovations = same.standard_normal(500)
    phi = np.exp(-1 / 8.0)
    left = noise - phi * np.roll(noise, 1)
    np.testing.assert_allclose(left / innovations, (left / innovations)[0], rtol=1e-6)


def test_streams_are_told_apart_by_key_and_purpose() -> None:
    draws = {
        float(stream(key, purpose).random())
        for key in ((0,), (1,), (0, 0), (1, 0), (0, 1), (0, 0, 0))
        for purpose in ("a", "b", "ab")
    }
    assert len(draws) == 18
    assert stream((1, 2), "a").random() == stream((1, 2), "a").random()


def test_moving_mean_is_centred_and_periodic() -> None:
    values = np.array([0.0, 0.0, 12.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(moving_mean(values, 3), [0, 4, 4, 4, 0, 0])
    assert moving_mean(values, 4).mean() == pytest.approx(values.mean())
    np.testing.assert_allclose(moving_mean(np.roll(values, 4), 3), [4, 4, 0, 0, 0, 4])
