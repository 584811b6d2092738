"""Keystone and Glance for a test, on SQLite: each served by Python's own web server, from one directory.

usage: keystone_glance.py setup DIRECTORY ADDRESS SECONDS
           makes databases, users, services and endpoints; tokens will be valid for so many seconds
       keystone_glance.py keystone|glance DIRECTORY ADDRESS
           serves it
"""

import json
import os
import pathlib
import shutil
import socketserver
import subprocess
import sys
import threading
import urllib.request
from wsgiref import simple_server

PORTS = {"keystone": 5000, "glance": 9292, "ironic": 6385}
PASSWORD = "secret"

KEYSTONE = """
[DEFAULT]
log_file = {dir}/keystone.log
[database]
connection = sqlite:///{dir}/keystone.sqlite
[fernet_tokens]
key_repository = {dir}/fernet
[credential]
key_repository = {dir}/credential
[cache]
enabled = false
[token]
expiration = {expiration}
[identity]
# The fewest there can be: it is asked for tokens all the time.
password_hash_rounds = 4
"""

GLANCE = """
[DEFAULT]
log_file = {dir}/glance.log
enabled_backends = files:file
worker_self_reference_url = http://{address}:9292
[database]
connection = sqlite:///{dir}/glance.sqlite
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = {dir}/images
[os_glance_staging_store]
filesystem_store_datadir = {dir}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {dir}/tasks
[paste_deploy]
flavor = keystone
config_file = {venv}/etc/glance/glance-api-paste.ini
[oslo_concurrency]
lock_path = {dir}/lock
[keystone_authtoken]
www_authenticate_uri = http://{address}:5000/v3
auth_url = http://{address}:5000/v3
auth_type = password
username = glance
password = secret
project_name = service
user_domain_name = Default
project_domain_name = Default
"""


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Handler(simple_server.WSGIRequestHandler):
    def address_string(self):
        # No look-up of names for each request.
        return self.client_address[0]


def make_server(service, directory, address):
    # Both read this process's arguments as their own otherwise.
    sys.argv = [service]
    if service == "keystone":
        os.environ["OS_KEYSTONE_CONFIG_FILES"] = str(directory / "keystone.conf")
        from keystone.wsgi.api import application
    else:
        os.environ["OS_GLANCE_CONFIG_DIR"] = str(directory / "glance")
        from glance.wsgi.api import application
    return simple_server.make_server(address, PORTS[service], application, Server, Handler)


class Keystone:
    """Requests to Keystone as its administrator."""

    def __init__(self, address):
        self.url = f"http://{address}:5000/v3"
        self.token = None
        password = {"user": {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        body = {"auth": {"identity": {"methods": ["password"], "password": password}, "scope": scope}}
        answer = self.open("POST", "/auth/tokens", body)
        self.token = answer.headers["X-Subject-Token"]

    def open(self, method, path, body=None):
        headers = {"Content-Type": "application/json", "X-Auth-Token": self.token or ""}
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers, method=method))

    def make(self, kind, **fields):
        return json.load(self.open("POST", f"/{kind}s", {kind: fields}))[kind]["id"]

    def find(self, kind, name):
        return json.load(self.open("GET", f"/{kind}s?name={name}"))[f"{kind}s"][0]["id"]


def manage(directory, *arguments):
    program = pathlib.Path(sys.prefix) / "bin" / "keystone-manage"
    subprocess.run([program, "--config-file", directory / "keystone.conf", *arguments], check=True)


def setup(directory, address, expiration):
    values = {"dir": directory, "address": address, "venv": sys.prefix}
    for name in ("fernet", "credential", "glance", "images", "staging", "tasks", "lock"):
        (directory / name).mkdir(parents=True)
    # For now, tokens that outlast all this.
    (directory / "keystone.conf").write_text(KEYSTONE.format(**values, expiration=3600))
    for file in pathlib.Path(sys.prefix, "etc/glance").glob("*.ini"):
        shutil.copy(file, directory / "glance")
    (directory / "glance" / "glance-api.conf").write_text(GLANCE.format(**values))

    manage(directory, "db_sync")
    owner = ["--keystone-user", "root", "--keystone-group", "root"]
    manage(directory, "fernet_setup", *owner)
    manage(directory, "credential_setup", *owner)
    url = f"http://{address}:5000/v3"
    manage(directory, "bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", "RegionOne",
           "--bootstrap-public-url", url, "--bootstrap-internal-url", url, "--bootstrap-admin-url", url)
    glance = pathlib.Path(sys.prefix) / "bin" / "glance-manage"
    subprocess.run([glance, "--config-file", directory / "glance" / "glance-api.conf", "db_sync"], check=True)

    server = make_server("keystone", directory, address)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keystone = Keystone(address)
    admin = keystone.find("role", "admin")
    # Who has this one may go on with what a user began, also when the user's token has expired meanwhile.
    service_role = keystone.find("role", "service")
    project = keystone.make("project", name="service", domain_id="default")
    for name, kind in (("ironic", "baremetal"), ("glance", "image")):
        user = keystone.make("user", name=name, password=PASSWORD, domain_id="default")
        for role in (admin, service_role):
            keystone.open("PUT", f"/projects/{project}/users/{user}/roles/{role}")
        service = keystone.make("service", name=name, type=kind)
        keystone.make("endpoint", service_id=service, interface="public", region_id="RegionOne",
                      url=f"http://{address}:{PORTS[name]}")
    # Ironic's rules ask for the scope of the whole system for most of what is done with nodes.
    for name in ("admin", "ironic"):
        user = keystone.find("user", name)
        keystone.open("PUT", f"/system/users/{user}/roles/{admin}")
    (directory / "keystone.conf").write_text(KEYSTONE.format(**values, expiration=expiration))


def main():
    what, directory, address = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    if what == "setup":
        setup(directory, address, sys.argv[4])
    else:
        make_server(what, directory, address).serve_forever()


if __name__ == "__main__":
    main()
