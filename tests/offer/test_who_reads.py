"""Pages and the API give the same answer to the same person: one policy, asked by both."""

from relais.offer.terms import Scope


def readers(client_of, people, version):
    """Return who reads a version by its page, and who by the API."""
    page = f"/agreements/{version.agreement_id}/versions/{version.number}/"
    found = {"page": set(), "api": set(), "list": set(), "agreement": set()}
    for name, person in vars(people).items():
        browser = client_of(person)
        agreement = f"/api/agreements/{version.agreement_id}"
        found["agreement"] |= {name} if browser.get(agreement).status_code == 200 else set()
        found["page"] |= {name} if browser.get(page).status_code == 200 else set()
        api = browser.get(f"/api/agreement_versions/{version.pk}")
        found["api"] |= {name} if api.status_code == 200 else set()
        told = browser.get("/api/agreements").json()
        listed = version.agreement_id in [each["id"] for each in told]
        found["list"] |= {name} if listed else set()
    return found


def test_pages_and_the_api_tell_the_same_persons(world, draft, sign, client_of):
    sites, people = world.sites, world.people
    everywhere = {"maud", "paul", "quentin", "bruno"}
    steer = {"claire", "sylvie", "denis", "aude"}
    lyon = sign(draft("Lyon seul", scopes=(Scope(site=sites.lyon.pk),)))
    told = readers(client_of, people, lyon)
    assert told["page"] == everywhere | steer | {"luc", "nadia", "basile"}
    assert told["api"] == told["list"] == told["agreement"] == told["page"]
    both = sign(draft("Deux familles", scopes=(
        Scope(site=sites.aix.pk, family="travel"), Scope(site=sites.lyon.pk, family="travel"),
    )))  # fmt: skip
    told = readers(client_of, people, both)
    assert told["page"] == everywhere | steer | {"luc", "nadia", "marc", "alice", "basile"}
    assert told["api"] == told["list"] == told["agreement"] == told["page"]


def test_a_place_that_is_not_seen_is_not_named(world, draft, sign, client_of):
    sites = world.sites
    both = sign(draft(scopes=(Scope(site=sites.aix.pk), Scope(site=sites.lyon.pk))))
    told = client_of(world.people.marc).get(f"/api/agreement_versions/{both.pk}").json()
    assert [scope["site"] for scope in told["scopes"]] == [sites.aix.pk]
    told = client_of(world.people.claire).get(f"/api/agreement_versions/{both.pk}").json()
    assert {scope["site"] for scope in told["scopes"]} == {sites.aix.pk, sites.lyon.pk}
