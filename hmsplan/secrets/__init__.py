"""The way of a secret: where it is read, when it is sent, who may get it, what is remembered, and how it stays hidden.

``sources``       reads the value of ``${secret:x}``: one variable, or one line of a secrets file. From here on it is a
                  ``model.Secret``, which every text, comparison and traceback shows without its value.
``fingerprints``  what state may remember of it: a keyed digest, by which a new value in the same place is told.
``changes``       says which secrets have to be sent, and of which nobody can tell. What is live takes no part.
``egress``        says which URL gets which, so that one goes nowhere else unless somebody allows it.
``urls``          reads a URL in one strict way: who receives what is sent to it, and which part of it is a credential.
``masks``         tells a value from what stands in its place: a mask that the API answers with is never sent back.
``unsendable``    says which update would have to send a mask back, so that the plan is refused and not the write.
``conceal``       hides what no schema names: a live secret by the name of its field, a credential in any URL or text.
``exposed``       warns of credentials in fields that anybody reads, and of URLs without TLS.
``disguises``     the forms in which a value could still show (JSON, URL, HTML, base64): errors of the API lose them,
                  and ``cli.secret_filter`` cuts them out of whatever is printed and has GitHub mask them.

A value is sent in the body of a request alone, by ``api.client``. What the API answers is wrapped as it arrives, in
``api.refresh``; of a plan, ``formats.redact`` lets nothing but names out of the process. For users: docs/secrets.md.
"""
