"""A service that answers the calls of an assistant: what `hmsplan webhook test` wants, in about 60 lines.

HMSPLAN_SECRET_WEBHOOK=… uvicorn service:app
"""

import json
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hmsplan.webhooks import verify

# While the secret is being changed, both count: start the service with both, apply, and drop the old one.
SECRETS = [text for name in ("WEBHOOK", "WEBHOOK_OLD") if (text := os.environ.get(f"HMSPLAN_SECRET_{name}"))]
LARGEST = 1_000_000


def find_slot(day: str, part: str = "any") -> object:
    """Find a free hour; an argument that cannot be used is an answer too, which the model reads."""
    if part not in {"any", "morning", "afternoon"}:
        return {"error": "say morning or afternoon"}
    return {"day": day, "time": "14:00" if part == "afternoon" else "09:30"}


def leave_message(text: str, phone_number: str | None = None) -> object:
    """Take a message for the people of the practice."""
    return {"taken": bool(text), "call_back": phone_number is not None}


TOOLS = {"find_slot": find_slot, "leave_message": leave_message}


def tool_calls(message: dict) -> object:
    """Answer each call under its own id."""
    results = []
    for call in message["tool_call_list"]:
        tool = TOOLS.get(call["function"]["name"])
        result = {"error": "unknown tool"} if tool is None else tool(**call["function"]["arguments"])
        results.append({"tool_call_id": call["id"], "result": result})
    return {"results": results}


def assistant_request(_message: dict) -> object:
    """Greet who calls; the rest is the assistant of the number."""
    return {"assistant_override": {"first_message": "Good day, this is the practice. How can I help you?"}}


ANSWERS = {"tool-calls": tool_calls, "assistant-request": assistant_request}


async def voice(request: Request) -> Response:
    """Answer one event, once it is known who sent it. What follows from a report is work for later: answer first."""
    body = await request.body()  # the raw bytes: what was parsed and written again has another signature
    if len(body) > LARGEST or not verify(request.headers.items(), body, SECRETS):
        return Response(status_code=401)
    message = json.loads(body)["message"]
    answer = ANSWERS.get(message["type"])
    return JSONResponse(answer(message) if answer is not None else {})


app = Starlette(routes=[Route("/voice", voice, methods=["POST"])])
