"""A saved model behind HTTP, for programs on other machines.

    python -m metaad.practice.service clinic.metaad --card clinic.card.json

    POST /score    {"rows": [{"radius": 14.1, ...}, ...]}  -> scores, p-values, alerts
    GET  /health   what runs, and whether the drift alarm rang
    GET  /card     the model card

It has no password and speaks plain HTTP: put it behind what your company has for that.
`Containerfile`, beside this module, makes a container of it.
"""

import argparse
from contextlib import asynccontextmanager
from threading import Lock

from metaad import saving
from metaad.lazy import optional
from metaad.practice.answers import Answers
from metaad.practice.card import read_card


def service(
    path, rate=0.01, most_rows=10_000, most_bytes=2**24, *, card=None, alarm=None
):
    """Return a FastAPI application that scores rows with a saved model.

    Parameters
    ----------
    path : file of `metaad.saving.save`: a detector, Conformal or TableModel.
    card : its card, the .json of `write_card`; a card of another model is refused.
    alarm : file of a fitted `DriftAlarm`, or None. It counts every row that is scored,
        and is written back when the service stops. One process may use it at a time.
    rate : false-alarm rate of a Conformal's alerts.
    most_rows, most_bytes : what one request may bring.
    """
    from fastapi import Body, FastAPI
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse

    answers = Answers(saving.load(path), rate, most_rows)
    known = read_card(card, path) if card else None
    watch, turn = saving.load(alarm) if alarm else None, Lock()

    @asynccontextmanager
    async def life(app):
        yield
        if watch is not None:
            saving.save(alarm, watch)

    app = FastAPI(title="metaad", lifespan=life)
    app.add_middleware(Limited, most=most_bytes)

    def refused(request, error):
        own = not isinstance(error, RequestValidationError)
        said = str(error) if own else 'expected JSON such as {"rows": [[1.5, 2.0]]}.'
        return JSONResponse({"detail": said}, 422)

    app.add_exception_handler(ValueError, refused)
    app.add_exception_handler(RequestValidationError, refused)

    @app.post("/score")
    def score(rows: list = Body(embed=True)):  # noqa: B008
        found = answers(rows)
        if watch is not None:
            with turn:
                watch.update(found["scores"])
        return found

    @app.get("/health")
    def health():
        model = type(answers.model).__name__
        state = {"status": "ok", "model": model, "drift": None}
        if watch is not None:
            state["drift"] = {"rows": watch.rows_, "rang_at": watch.rang_at_}
        return state

    @app.get("/card")
    def show_card():
        return known

    return app


class Limited:
    """Refuse a request of more than so many bytes with status 413, while they come."""

    def __init__(self, app, most):
        self.app, self.most = app, most

    async def __call__(self, scope, receive, send):
        from fastapi import HTTPException

        seen = 0

        async def counted():
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most:
                said = f"a request may have {self.most:,} bytes; send fewer rows."
                raise HTTPException(413, said)
            return message

        await self.app(scope, counted, send)


def options():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m metaad.practice.service", description="Serve a saved model."
    )
    parser.add_argument("model", help="file that metaad.saving.save wrote")
    parser.add_argument("--card", help="its model card (.json)")
    parser.add_argument("--alarm", help="file of a drift alarm")
    parser.add_argument("--rate", type=float, default=0.01, help="false-alarm rate")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0: every machine")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")
    return parser


def serve(model, rate=0.01, *, host, port, card=None, alarm=None):
    """Answer requests until the process is told to stop; arguments as in `service`.

    host : "127.0.0.1", or "0.0.0.0" for every machine. port : int, 0 for any free one.
    """
    application = service(model, rate, card=card, alarm=alarm)
    optional("uvicorn").run(application, host=host, port=port)


def main(arguments=None):
    """Serve what the command line names."""
    try:
        serve(**vars(options().parse_args(arguments)))
    except ValueError as error:
        raise SystemExit(f"metaad: {error}") from None


if __name__ == "__main__":
    main()
