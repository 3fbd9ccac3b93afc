"""The product as an app: what a phone asks for is there, for nobody in particular."""


def test_a_phone_can_install_it(client, db):
    told = client.get("/app.webmanifest")
    assert told.headers["Content-Type"] == "application/manifest+json"
    assert {icon["sizes"] for icon in told.json()["icons"]} == {"192x192", "512x512"}
    worker = client.get("/service-worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert "no-cache" in worker.headers["Cache-Control"]


def test_the_page_without_a_connection_holds_nobodys_data(client_of, world):
    page = client_of(world.people.marc).get("/offline/").content.decode()
    assert world.people.marc.name not in page
    assert "csrfmiddlewaretoken" not in page
