"""OCPP 1.6-J towards the central system.

``outbox`` (pure) turns transaction facts into messages and says when to repeat one; ``status`` (pure) says which
StatusNotification is due; ``registration`` (pure) who we are and where we dial; ``wire`` is one connection: one
call in flight, calls of the other side answered meanwhile, ``turns`` says whose
call is next, ``schemas`` and ``malformed`` (pure) what is wrong
with a payload. ``actions`` is the one table of what a backend may ask, ``handlers`` what is done for it,
``asked`` what they act on. ``client`` is the shell that dials and registers, ``delivery`` the one that delivers,
``registered`` the one that tells statuses and heartbeats. ``links`` (pure) says which way to the backend is
tried, ``dial`` opens it with TLS and all, ``dialler`` remembers the one that worked. ``notices`` sends what is
no transaction fact, ``file_news`` puts file jobs into it; ``security_news`` delivers security events,
``signing`` asks for certificates.

This room must never decide about a session, and never keep the only copy of what is owed: that stands in the
journal, the security log and the stored file jobs.

Decisions
- Framing, schemas and error codes come from the ``ocpp`` library. Its ``call()`` is not used: it matches answers
  by their order, refuses an answer with one field too many (a StartTransaction would be repeated five times for
  it), and does not notice that the connection is gone. ``wire.request`` matches by message id and decodes only
  what is needed.
- Payloads are checked by types made from the schemas once (``schemas``): the library's validator costs more than
  all the rest of a message, and is asked only where the types find fault.
- After a reconnect the present status of every connector is told once, whether it changed or not: a backend that
  was restarted knows nothing, and one that was not loses nothing. What happened meanwhile is history.
- Waits between dials double and have a random part, drawn anew for each; a server's Retry-After lengthens one.
  They begin anew only once somebody has answered a message on the line.
- A call without an answer is given up, not the connection, if a ping is answered (OCPP-J 1.6 section 4.1.1): ids
  keep a late answer from meeting another question. After two in a row a Heartbeat asks whether the server hangs;
  three end the connection with a close frame. Without a pong it is dead, and aborted.
- What was not answered is asked again after growing pauses, and Authorize goes before all that waits (``turns``):
  nobody at the reader waits for more than the call in flight.
- An unanswered transaction message counts as failed only if the backend still answers pings: a dead line is no
  verdict, and must not use up TransactionMessageAttempts.
- BootNotification is sent once per start, and again when its fields changed or it was not accepted yet; a mere
  reconnect sends the present statuses (OCPP-J 1.6 section 5.3).
- The order of facts is the order of delivery over all connectors (OCPP 1.6 section 3.7): a failing message holds
  up the others until its attempts are used up.
- A new address, password, security profile or certificate is on trial until it has connected once; ``links`` says
  why turns were chosen over a number of failures.
- A link counts as working once the WebSocket stands with our subprotocol: TLS, key and certificate are then
  proven, and what BootNotification is answered says nothing about them.
- Redirections are not followed: who may send a station elsewhere is the operator, by WebSocketUrl.
- Below security profile 2 a wss:// address is checked against the machine's authorities and the installed ones,
  from 2 on against the installed ones alone.
- ``delivery`` outlives connections, so an answer that was received is committed even if the line breaks then.
"""
