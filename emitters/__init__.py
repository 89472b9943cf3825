"""Stand-ins for the world outside of the service, for development, demos and tests.

``python -m emitters sessions`` tells over a WebSocket who comes and goes,
``deanonymizer`` answers who is behind an address, ``traffic`` looks at pages.
``site`` is a small shop with the snippet in its pages, for people to click around in.
The first three live in one invented world (population.py) that follows from ``--seed``.
``SessionEmitter`` and ``Deanonymizer`` serve tests in the same process. Nothing
here shares code with the service.

Each can go wrong by order, with ``--fault NAME`` or the attribute of that name:

Visits and frames of the session emitter
======================  ======================================================================
duplicate-open          session-opened comes two or three times
earlier-open            a second session-opened says that the visit began 10 s earlier
keep-alive-before-open  a keep-alive comes a second before its session-opened
missing-open            keep-alives and a session-closed, never a session-opened
orphan-close            session-closed for a session that never was
duplicate-close         session-closed comes twice
late-frame              a keep-alive and an old session-opened come after session-closed
reopen                  the same session id opens again after its close: a new visit
silent                  the visit stops without session-closed
idle-return             75 s without a frame, then the visit goes on
out-of-order            frames overtake each other: an older timestamp comes after a newer one
past-timestamp          timestamps hours to decades in the past
future-timestamp        timestamps minutes to decades in the future
bad-timestamp           timestamps that are none: words, null, huge numbers, 31 February
malformed-json          text that is no JSON, or only half of it
wrong-types             fields of the wrong type
missing-guid            a frame without guid, or with an empty one
scalar                  a number, a string, null in place of an object
array                   an array of frames in place of one frame
unknown-type            an eventType that nobody knows
binary                  a binary frame: UTF-16 JSON, or noise
invalid-utf8            a text frame that is no UTF-8
huge-frame              one frame of 1.5 MiB
invalid-ip              addresses that are none, like 185.242.274.177
empty-ip                an empty address
private-ip              private, loopback, link-local, documentation addresses
ip-forms                one address in many spellings: ::ffff:, upper case, zone, brackets, port
huge-ip                 an address of 1 MB of text, in a frame that just fits into 1 MiB
guid-reuse              the same session id goes on from another address
hostile-text            markup, formulas, control and bidi characters in guid and ip
======================  ======================================================================

Connections of the session emitter
======================  ======================================================================
refuse                  every handshake is answered 403
status-429              every handshake is answered 429 with Retry-After (--retry-after)
status-503              every handshake is answered 503
handshake-hang          the handshake is never answered
accept-and-close        the handshake succeeds, then the connection is closed at once (1000)
drop                    all connections end without a close frame every --drop-every seconds
reset                   each connection is reset (TCP RST) shortly after it began
mid-message             each connection ends in the middle of a frame shortly after it began
half-open               connections stay open, but nothing is read, answered or sent
silence                 pings are answered, no frame comes
flood                   20,000 frames a second, whatever --rate says
======================  ======================================================================

Answers of the deanonymizer
======================  ======================================================================
latency                 the right answer, --latency seconds late
down                    the connection is closed before anything is read
500                     500 for every call, not only for --failures of them
503                     503 with Retry-After (--retry-after)
429                     429 with Retry-After (--retry-after: seconds, date, nan, -1, anything)
garbage                 200 with a body that is no JSON
html                    200 with a page of HTML
wrong-shape             200 with JSON of another shape
nulls                   200 with null in every optional field
extra-fields            200 with fields that nobody asked for
poisoned                200 with markup, formulas, control characters and 100 kB in names
redirect                307 to another path
gzip-bomb               200 kB of gzip, asked for or not, that unpack to 200 MB
big-body                200 with a body of 1 GiB, sent as fast as it is read
drip                    the right answer, its body one byte each 0.3 s
endless-headers         one more header each 0.3 s, for ever
hang                    the call is read and never answered
cut                     the connection ends in the middle of the body
reset                   the connection is reset (TCP RST) in place of an answer
======================  ======================================================================
"""
