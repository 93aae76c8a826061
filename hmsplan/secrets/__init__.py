"""The way of a secret: where it is read, when it is sent, who may get it, what is remembered, and how it stays hidden.

``source``        where secrets are kept besides the environment, as a person names it.
``answers``       asks these places: a dotenv file, SOPS, a command.
``sources``       reads the value of ``${secret:x}``: one variable, or an answer. From here on it is a
                  ``model.Secret``, which every text, comparison and traceback shows without its value.
``fingerprints``  what state may remember of it: a keyed digest, by which a new value in the same place is told.
``detect``        says whether a text is a credential, or only in the place of one: a mask that the API answers with is
                  never sent back.
``urls``          reads a URL in one strict way: who receives what is sent to it.
``encodings``     the forms in which a value could still show (JSON, URL, HTML, base64): errors of the API lose them,
                  and ``cli.secret_filter`` cuts them out of whatever is printed and has GitHub mask them.

Elsewhere: ``planner.secret_changes`` says which secrets have to be sent, and of which that is not known;
``planner.egress`` which URL gets which, so that one goes to another only if that is allowed; ``planner.unsendable``
which update would have to send a mask back. ``kinds.conceal`` hides what no schema names, by the name of its field or
its form. ``config.exposed_secrets`` warns of credentials in fields that anybody reads, and of URLs without TLS.

A value is sent in the body of a request alone, by ``api.client``. What the API answers is wrapped as it arrives, in
``api.refresh``; of a plan, ``formats.redact`` lets nothing but names out of the process. For users: docs/secrets.md.
"""
