"""The API's description (OpenAPI 3.1), made from the table that the server is made from."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from heatrouter.deploy.web.asking import CSRF_HEADER, Access
from heatrouter.deploy.web.endpoints import Endpoint
from heatrouter.deploy.web.problems import MEDIA_TYPE, TITLES, Problem

_Schema = dict[str, Any]
_Where = Mapping[tuple[Any, JsonSchemaMode], _Schema]

_ALWAYS: Final = (400, 413, 421, 429)
"""Statuses with which any request may end: bad HTTP, size, name, rate."""


def openapi(endpoints: Iterable[Endpoint], *, version: str, cookie: str) -> _Schema:
    """The description as JSON types.

    Args:
        endpoints: The table.
        version: Of the service.
        cookie: Name of the session's cookie.
    """
    endpoints = tuple(endpoints)
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for endpoint in endpoints:
        models += [(model, "validation") for model in (endpoint.body, endpoint.query) if model]
        models += [(endpoint.answer, "serialization")] if endpoint.answer else []
    where, definitions = models_json_schema(
        list(dict.fromkeys(models)), ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, _Schema] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(
            endpoint, where, definitions["$defs"]
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "heatrouter control service",
            "version": version,
            "description": "Times in s, temperatures in degC, powers in kW unless a name says "
            "otherwise. Errors are application/problem+json.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
                "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation(
    endpoint: Endpoint,
    where: _Where,
    definitions: _Schema,
) -> _Schema:
    operation: _Schema = {
        "operationId": endpoint.handler.__name__
        + ("_status" if endpoint.path == "/status" else ""),
        "summary": endpoint.summary,
        "responses": _responses(endpoint, where),
    }
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": text,
            "schema": {"type": "string", "minLength": 1},
        }
        for name, text in endpoint.parts.items()
    ]
    if endpoint.query is not None:
        schema = definitions[endpoint.query.__name__]
        for name, field in schema["properties"].items():
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", ()),
                    "description": field.get("description", ""),
                    "schema": _query_schema(field),
                }
            )
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        schema = where[endpoint.body, "validation"]
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    if endpoint.access in {Access.SESSION, Access.OPERATE}:
        operation["security"] = [{"session": [], "csrf": []}]
    elif endpoint.access is Access.READ:
        operation["security"] = [{}, {"session": []}, {"basic": []}]
    return operation


def _query_schema(field: _Schema) -> _Schema:
    """A parameter's schema: absence stands for null in a query, so null is no value."""
    schema = {k: v for k, v in field.items() if k not in {"description", "title", "default"}}
    kinds = [kind for kind in schema.pop("anyOf", ()) if kind.get("type") != "null"]
    return schema | (kinds[0] if kinds else {})


def _responses(endpoint: Endpoint, where: _Where) -> _Schema:
    statuses = {200, *endpoint.statuses, *_ALWAYS}
    if endpoint.access is Access.READ:
        statuses |= {401, 503}
    if endpoint.access in {Access.SESSION, Access.OPERATE}:
        statuses |= {401, 403}
    if endpoint.query is not None or endpoint.body is not None:
        statuses.add(422)
    if endpoint.body is not None:
        statuses |= {403, 408, 415}
    if endpoint.parts:
        statuses.add(404)
    return {str(status): _response(endpoint, status, where) for status in sorted(statuses)}


def _response(
    endpoint: Endpoint,
    status: int,
    where: _Where,
) -> _Schema:
    content: _Schema = {}
    own = status < 300 or (status == 503 and endpoint.access is Access.OPEN)
    if own and endpoint.answer is None:
        content["text/plain"] = {"schema": {"type": "string"}}
    elif own and endpoint.answer is not None:
        content["application/json"] = {"schema": where[endpoint.answer, "serialization"]}
    if status >= 400:
        content[MEDIA_TYPE] = {"schema": where[Problem, "serialization"]}
    title = TITLES.get(status, "Done" if status == 200 else "Waits for the next tick")
    return {"description": title, "content": content}
