"""ics_judge.py FILE: judges an iCalendar file by two libraries and by the rules of RFC 5545 that they let pass."""

import re
import sys

import icalendar
import vobject

raw = open(sys.argv[1], "rb").read()
faults = []
if re.search(rb"(?<!\r)\n", raw) or not raw.endswith(b"\r\n"):
    faults.append("lines do not end in CRLF")
faults += [f"longer than 75 octets: {line!r}" for line in raw.split(b"\r\n") if len(line) > 75]

for calendar in vobject.readComponents(raw.decode()):
    calendar.validate(raiseException=True)

[calendar] = icalendar.Calendar.from_ical(raw, multiple=True)
faults += [f"not read: {error}" for part in calendar.walk() for error in getattr(part, "errors", [])]
zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
seen, alarms = set(), 0
for event in calendar.walk("VEVENT"):
    missing = [name for name in ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE", "STATUS") if name not in event]
    faults += [f"{event.get('SUMMARY')} has no {name}" for name in missing]
    if missing:
        continue
    uid = str(event["UID"])
    if uid in seen:
        faults.append(f"{uid} twice")
    seen.add(uid)
    start = event["DTSTART"]
    zone = start.params.get("TZID")
    if zone and zone != "UTC" and str(zone) not in zones:
        faults.append(f"{uid}: {zone} is not described")
    if "DTEND" in event and event["DTEND"].dt <= start.dt:
        faults.append(f"{uid} ends before it starts")
    for alarm in event.walk("VALARM"):
        alarms += 1
        if alarm["ACTION"] != "DISPLAY" or "DESCRIPTION" not in alarm or alarm["TRIGGER"].dt.total_seconds() >= 0:
            faults.append(f"{uid}: an alarm that would not sound before")

print("; ".join(faults) if faults else f"ok, {len(seen)} events, {alarms} alarms")
sys.exit(1 if faults else 0)
