import pytest

from qctui.urls import check_base_url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "[::1]", "localhost", "LOCALHOST"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert check_base_url(f"http://{host}:8080/api/v2/") == f"http://{host}:8080/api/v2"


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example", "128.0.0.1", "[::2]", "0.0.0.0"])
def test_a_signature_never_leaves_this_machine_in_the_clear(host: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        check_base_url(f"http://{host}:8080/api/v2")
