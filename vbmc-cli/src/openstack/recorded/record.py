#!/usr/bin/env python3
"""Records what real services answer to the requests of our client, one exchange a line, for the tests beside.

    scripts/ironic up --dir /tmp/recorded --listen 127.0.0.1 --config vbmc-cli/src/openstack/recorded/ironic.conf
    record.py ironic http://127.0.0.1:6385 > ironic.jsonl

    The same from nothing, with a file that says "pin_release_version = 21.1" in [DEFAULT], for an Ironic of 2022:
    record.py old http://127.0.0.1:6385 > old.jsonl

    A Keystone with an Ironic in its catalog; user, password and project are "admin", "secret" and "admin", and the user
    is admin of the system too:
    record.py keystone http://127.0.0.1:5000/v3 > keystone.jsonl

    The same with a Glance whose glance-api.conf says "limit_param_default = 1" in [DEFAULT]:
    record.py glance http://127.0.0.1:5000/v3 > glance.jsonl

The server must be new: no nodes, no images. Tokens are replaced by names; the passwords are the lab's own.
"""

import json
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

KEPT = ("x-openstack-ironic-api-", "x-openstack-request-id", "x-subject-token", "content-type", "date", "retry-after")
OURS = "1.115"
STATE = ("uuid,name,driver,provision_state,target_provision_state,provision_updated_at,power_state,target_power_state,"
         "last_error,reservation,maintenance,maintenance_reason,fault,instance_uuid,properties")


class Server:
    def __init__(self, base, token=None):
        self.base, self.token, self.version = base.rstrip("/"), token, OURS

    def __call__(self, method, path, body=None, keep=True, version=None, media="application/json"):
        """One exchange, written down unless told otherwise. A body of bytes is sent as it is."""
        version = version or self.version
        headers = {}
        if version:
            headers["X-OpenStack-Ironic-API-Version"] = version
        if self.token:
            headers["X-Auth-Token"] = self.token
        data = None
        if body is not None:
            raw = isinstance(body, bytes)
            data = body if raw else json.dumps(body).encode()
            headers["Content-Type"] = "application/octet-stream" if raw else media
            body = None if raw else body
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, headers, text = answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, headers, text = error.code, error.headers, error.read().decode()
        kept = {name.lower(): value for name, value in headers.items() if name.lower().startswith(KEPT)}
        token = kept.get("x-subject-token")
        if token:
            kept["x-subject-token"] = "a-token"
        if keep:
            exchange = {"method": method, "path": urlsplit(self.base).path + path, "version": version, "request": body,
                        "status": status, "headers": kept, "response": text}
            print(json.dumps(exchange))
        is_json = kept.get("content-type", "").startswith("application/json")
        return status, (json.loads(text) if text and is_json else None), token

    def wait(self, node, done):
        """Until the node is as it should be."""
        for _ in range(600):
            state = self("GET", f"/v1/nodes/{node}", keep=False)[1]
            if state["reservation"] is None and done(state):
                return
            time.sleep(0.1)
        sys.exit(f"{node} stays {state['provision_state']}: {state['last_error']}")


def state(name):
    return lambda node: node["provision_state"] == name


def ironic(base):
    api = Server(base)
    api("GET", "/v1")
    api("GET", f"/v1/nodes?fields={STATE.replace(',', '%2C')}")
    api("GET", "/v1/drivers")
    node = {
        "driver": "fake-hardware",
        "name": "node0",
        "driver_info": {"ipmi_address": "192.0.2.1", "ipmi_port": 6230, "ipmi_password": "hidden"},
        "properties": {"cpu_arch": "x86_64"},
        "extra": {"vbmc_lab": "recorded"},
        "resource_class": "baremetal",
        "boot_interface": "fake",
        "inspect_interface": "agent",
    }
    uuid = api("POST", "/v1/nodes", node)[1]["uuid"]
    api("POST", "/v1/nodes", node)
    api("POST", "/v1/nodes", {"driver": "nope", "driver_info": {}, "properties": {}})
    api("GET", "/v1/nodes/nothere")
    api("GET", "/v1/nodes/node0")
    port = {"node_uuid": uuid, "address": "52:54:00:00:00:01", "pxe_enabled": True}
    api("POST", "/v1/ports", port)
    api("POST", "/v1/ports", port)
    api("GET", f"/v1/ports?node={uuid}&detail=true")
    api("GET", "/v1/ports?address=52%3A54%3A00%3A00%3A00%3A01&detail=true")
    api("GET", "/v1/ports?address=52%3A54%3A00%3A00%3A00%3A99&detail=true")
    provision = f"/v1/nodes/{uuid}/states/provision"
    api("PUT", provision, {"target": "inspect"})
    api("PUT", provision, {"target": "manage"})
    api.wait(uuid, state("manageable"))
    one = f"/v1/nodes/{uuid}?fields={STATE}"
    api("GET", one)
    api("PATCH", f"/v1/nodes/{uuid}", [
        {"op": "add", "path": "/driver_info/ipmi_port", "value": 6231},
        {"op": "add", "path": "/extra/note", "value": "moved"},
    ])
    api("PATCH", f"/v1/nodes/{uuid}", [{"op": "remove", "path": "/extra/nope"}])
    api("GET", f"/v1/nodes/{uuid}/validate")
    api("PUT", f"/v1/nodes/{uuid}/maintenance", {"reason": "the lab is moved"})
    api("GET", one)
    api("DELETE", f"/v1/nodes/{uuid}/maintenance")
    power = f"/v1/nodes/{uuid}/states/power"
    api("PUT", power, {"target": "power on"})
    # Locked for as long as [fake]power_delay says.
    api("PUT", power, {"target": "power off"})
    api.wait(uuid, lambda node: node["power_state"] == "power on")
    api("PUT", power, {"target": "power off"})
    api.wait(uuid, lambda node: node["power_state"] == "power off")
    api("GET", f"/v1/nodes/{uuid}/inventory")
    api("PUT", provision, {"target": "inspect"})
    api.wait(uuid, state("inspect wait"))
    api("GET", one)
    api("DELETE", f"/v1/nodes/{uuid}")
    # What the ramdisk does.
    found = {"inventory": {
        "interfaces": [{"name": "eth0", "mac_address": "52:54:00:00:00:01", "has_carrier": True,
                        "ipv4_address": "192.0.2.20", "pci_address": "virtio0"}],
        "cpu": {"architecture": "x86_64", "count": 2},
        "memory": {"physical_mb": 2048, "total": 2147483648},
        "disks": [{"name": "/dev/vda", "size": 10737418240}],
        "bmc_address": None, "bmc_v6address": None,
        "boot": {"current_boot_mode": "bios", "pxe_interface": "52:54:00:00:00:01"},
        "system_vendor": {"manufacturer": "QEMU", "product_name": "Standard PC", "serial_number": ""},
    }}
    for _ in range(100):
        if api("POST", f"/v1/continue_inspection?node_uuid={uuid}", found, keep=False, version="1.84")[0] == 202:
            break
        time.sleep(0.1)
    api.wait(uuid, state("manageable"))
    api("GET", f"/v1/nodes/{uuid}/inventory")
    api("PUT", provision, {"target": "inspect"})
    api.wait(uuid, state("inspect wait"))
    api("PUT", provision, {"target": "abort"})
    api.wait(uuid, state("inspect failed"))
    api("GET", one)
    api("GET", f"/v1/nodes/{uuid}/history")
    for name in ("node1", "node2"):
        api("POST", "/v1/nodes", {"driver": "fake-hardware", "name": name}, keep=False)
    # Two pages; the second by the query of the link to it.
    first = api("GET", "/v1/nodes")[1]
    api("GET", "/v1/nodes?" + first["next"].split("?")[1])
    api("PUT", provision, {"target": "manage"})
    api.wait(uuid, state("manageable"))
    api("DELETE", f"/v1/nodes/{uuid}")
    api("DELETE", f"/v1/nodes/{uuid}")


def old(base):
    api = Server(base)
    known = STATE.replace(",", "%2C")
    api("GET", f"/v1/nodes?fields={known}")
    api("GET", "/v1")
    api("GET", f"/v1/nodes?fields={known}", version="1.80")
    api("GET", "/v1", version="1.80")


def keystone(base):
    user = {"name": "admin", "domain": {"id": "default"}}
    password = {"methods": ["password"], "password": {"user": {**user, "password": "secret"}}}
    project = {"project": {"name": "admin", "domain": {"id": "default"}}}
    system = {"system": {"all": True}}
    api = Server(base)
    api.version = None
    wrong = {"methods": ["password"], "password": {"user": {**user, "password": "wrong"}}}
    api("POST", "/auth/tokens", {"auth": {"identity": wrong, "scope": project}})
    _, answer, token = api("POST", "/auth/tokens", {"auth": {"identity": password, "scope": project}})
    endpoint = next(entry["endpoints"][0]["url"] for entry in answer["token"]["catalog"] if entry["type"] == "baremetal")
    nodes = f"/v1/nodes?fields={STATE.replace(',', '%2C')}"
    Server(endpoint, token)("GET", nodes)
    Server(endpoint, "not-a-token")("GET", nodes)
    _, _, system_token = api("POST", "/auth/tokens", {"auth": {"identity": password, "scope": system}})
    Server(endpoint, system_token)("GET", nodes)
    user_id = answer["token"]["user"]["id"]
    api.token = token
    made = api("POST", f"/users/{user_id}/application_credentials",
               {"application_credential": {"name": f"recorded-{time.time()}", "secret": "lab secret"}}, keep=False)[1]
    api.token = None
    api("POST", "/auth/tokens", {"auth": {"identity": {
        "methods": ["application_credential"],
        "application_credential": {"id": made["application_credential"]["id"], "secret": "lab secret"}}}})


def glance(base):
    keystone = Server(base)
    keystone.version = None

    def login(name):
        domain = {"id": "default"}
        user = {"name": name, "domain": domain, "password": "secret"}
        _, answer, token = keystone("POST", "/auth/tokens", {"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "admin", "domain": domain}}}}, keep=False)
        return answer["token"], token

    admin, keystone.token = login("admin")
    endpoint = next(entry["endpoints"][0]["url"] for entry in admin["catalog"] if entry["type"] == "image")
    api = Server(endpoint, keystone.token)
    api.version = None
    patch = "application/openstack-images-v2.1-json-patch"
    named = "/v2/images?name=in%3A%22a%2C+b-kernel%22"

    def pages(following):
        while following:
            following = api("GET", following)[1].get("next")

    pages(named)
    image = {"name": "a, b-kernel", "disk_format": "aki", "container_format": "aki", "vbmc_lab": "recorded",
             "visibility": "public"}
    one = f"/v2/images/{api('POST', '/v2/images', image)[1]['id']}"
    api("GET", one)
    api("PUT", f"{one}/file", b"a kernel")
    api("PUT", f"{one}/file", b"a kernel")
    api("GET", one)
    pages(named)
    api("PATCH", one, [{"op": "replace", "path": "/name", "value": "old"}], media=patch)
    api("PATCH", one, [{"op": "add", "path": "/a~1b", "value": "c"}], media=patch)
    disk = {"name": "disk", "disk_format": "qcow2", "container_format": "bare", "vbmc_lab": "recorded"}
    other = f"/v2/images/{api('POST', '/v2/images', disk)[1]['id']}"
    pages("/v2/images")
    api("DELETE", one)
    api("DELETE", one)
    api("DELETE", other, keep=False)

    # Whoever isn't an administrator may make no image for everybody.
    member = keystone("POST", "/users", {"user": {"name": f"member-{time.time()}", "password": "secret"}}, keep=False)[1]["user"]
    roles = keystone("GET", "/roles?name=member", keep=False)[1]["roles"]
    keystone("PUT", f"/projects/{admin['project']['id']}/users/{member['id']}/roles/{roles[0]['id']}", keep=False)
    api.token = login(member["name"])[1]
    api("POST", "/v2/images", {**image, "name": "of a member"})
    del image["visibility"]
    made = api("POST", "/v2/images", {**image, "name": "of a member"})[1]
    api("DELETE", f"/v2/images/{made['id']}", keep=False)


if __name__ == "__main__":
    recordings = {"ironic": ironic, "old": old, "keystone": keystone, "glance": glance}
    if len(sys.argv) != 3 or sys.argv[1] not in recordings:
        sys.exit(__doc__)
    recordings[sys.argv[1]](sys.argv[2])
