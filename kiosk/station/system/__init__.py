"""The machine around us: reset, modem and name resolution, firmware slots, files fetched and delivered, logs.

Behind ``ports`` and ``network.NetworkPort`` stand simulated implementations, the default; one for the Debian
package, which alone may touch the machine, comes with it. This room must never reboot, rewire or re-clock a
developer's machine.

Reset: ``ports``, ``simulated``, ``retries``. Keys of the modem and of name resolution: ``network``. Files at a
backend's addresses: ``addresses`` (which may be dialled), ``transfer`` over ``web_transfer``, ``ftp_transfer``
and ``sftp_transfer``, cut off by ``cord``. Firmware: ``firmware``, ``update`` (pure), ``updating``. Diagnostics
and logs: ``diagnostics``, ``upload`` (pure), ``uploading``. What the two have in common: ``one_job``.

Decisions
- Modem and resolver are one port with three methods that a connection profile of NetworkManager and the
  properties of ModemManager can fill: what the keys hold goes in whole, what the modem tells is read, and nothing
  is cached there.
- What failed is tried again by the shell and not by the port, so that a port knows no time. A PIN is the
  exception: the port never repeats one that was refused, because the third mistake locks the card.
- The IP address that was judged is dialled, by our own socket: libraries that resolve a name again could be led
  elsewhere the second time.
- Blocking libraries of the standard library in threads, their sockets shut to cancel them: they have met more odd
  servers than a young asynchronous one. SFTP has none there; asyncssh is imported once an address asks for it.
- A file job is stored before each of its steps, and each step may be done twice: a power cut needs no case of its
  own. The boot loader's word decides whether an update is installed, not what we remember of it.
"""
