"""Spanish."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, str | dict[str, str]]] = {
    "whole-days": {"one": "Se descuenta {n} día entero.", "other": "Se descuentan {n} días enteros."},
    "and": " y ",
    "at": "{day} a las {time}",
    "date": "EEEE d 'de' MMMM 'de' y",
    "named": "{day} ({name})",
    "law": " (artículo {article})",
    # the rule
    "passed-on-receipt": "Su solicitud llegó primero a {first} y se pasó a {who} el {at}. Aun así, usted tiene una sola "
    "fecha, y el tiempo anterior cuenta: corre desde que su solicitud llegó por primera vez.",
    "passed-on-competent": "Su solicitud llegó primero a {first} y se pasó a {who} el {at}. Aun así, usted tiene una sola "
    "fecha; según su regla, corre desde que la oficina que decide tiene su solicitud.",
    "term": "El plazo es de {term}{law}.",
    "open-days": "Se cuentan los días hábiles, hasta la misma hora.",
    "open-hours": "Solo se cuentan las horas de apertura.",
    "usual-days": "Un día hábil equivale a {long} de apertura, las horas de un día habitual.",
    "real-hours": "Las horas se cuentan de día y de noche, todos los días.",
    "real-days": "Se cuentan todos los días, hábiles o no, hasta la misma hora.",
    "legal-days": "Se cuenta en días enteros; el día en que empieza no se cuenta (Reglamento 1182/71, artículo 3).",
    "legal-working": "Se cuenta en días hábiles enteros, de lunes a viernes sin festivos; el día en que empieza no se cuenta (Reglamento 1182/71, artículo 3).",
    "legal-hours": "Se cuenta en horas enteras, de día y de noche; la hora en que empieza no se cuenta (Reglamento 1182/71, artículo 3).",
    # where it begins
    "start": "Empezó el {at}.",
    "in-time": "Fue antes de las {cutoff}, así que cuenta como recibido ese día.",
    "too-late": "Lo que llega a las {cutoff} o después cuenta desde el siguiente día hábil, así que se cuenta desde el {begins}.",
    "not-open": "Fue fuera del horario de apertura, así que se cuenta desde la siguiente apertura, el {begins}.",
    "as-it-stands": "Fue fuera del horario de apertura; aun así se cuenta desde ese momento.",
    "first-day": "El primer día que cuenta es el {day}.",
    "first-hour": "La primera hora que cuenta empieza el {at}.",
    "closed": "El tiempo fuera del horario de apertura no se cuenta.",
    "holidays": {"one": "Un festivo no se cuenta: {days}.", "other": "Estos festivos no se cuentan: {days}."},
    "closed-days": {
        "one": "La oficina cierra el {days}; ese día no se cuenta.",
        "other": "La oficina cierra estos días, que no se cuentan: {days}.",
    },
    # what happened
    "answer": "Estuvo suspendido del {begins} al {ends}, mientras se le pedía algo a usted{law}.",
    "answer-day": "Estuvo suspendido el {begins}, mientras se le pedía algo a usted{law}.",
    "answer-still": "Está suspendido desde el {begins} hasta que usted responda, como máximo hasta el {ends}{law}.",
    "agency": "Estuvo suspendido del {begins} al {ends}, mientras esperábamos a otro organismo ({who}){law}.",
    "agency-day": "Estuvo suspendido el {begins}, mientras esperábamos a otro organismo ({who}){law}.",
    "agency-still": "Está suspendido desde el {begins} hasta que responda otro organismo ({who}), como máximo hasta el {ends}{law}.",
    "another": "otro organismo",
    "no-answer": "Se le pidió algo y respondió en el acto: nada quedó suspendido.",
    "no-agency": "Preguntamos a otro organismo ({who}), que respondió en el acto: nada quedó suspendido.",
    "open-moved": "En ese tiempo cayeron {long} de apertura, y la fecha se mueve otro tanto.",
    "open-stays": "En ese tiempo no cayó ninguna hora de apertura, así que la fecha no cambia.",
    "real-moved": "La fecha se mueve otro tanto.",
    "open-still": "Si se tarda hasta entonces, la fecha se mueve {long} de apertura.",
    "real-still": "Si se tarda hasta entonces, la fecha se mueve otro tanto.",
    "days-still": {"one": "Si se tarda hasta entonces, se descuenta {n} día entero.", "other": "Si se tarda hasta entonces, se descuentan {n} días enteros."},
    "days-stay": "En ese tiempo no cayó ningún día entero, así que la fecha no cambia.",
    "extended": "Se amplió una vez, en {term}{law}.",
    "extended-from": "Se amplió una vez, en {term}{law}, a contar desde el {day}.",
    "because": " Motivo dado: «{reason}»",
    "reset": "Se volvió a contar desde el {at}.",
    "calendar": "Cambió el horario de apertura del organismo, y con él la fecha.",
    # how it ends
    "last-day": "El último día es el {day}.",
    "clamped": "El mes de {month} no tiene día {number}, así que el último día es el {day}.",
    "rolled": "El último día, {day}, no es hábil, así que el plazo termina el {end}.",
    "rolled-over": {"one": "Tampoco es hábil: {days}.", "other": "Tampoco son hábiles: {days}."},
    "two-working-days": "Un plazo de dos días o más comprende al menos dos días hábiles, así que termina el {end} "
    "(Reglamento 1182/71, artículo 3, apartado 5).",
    "at-closing": "Se agota justo cuando cierra la oficina, y ese momento aún está en plazo.",
    "at-opening": "Se agota justo cuando cierra la oficina, así que termina con la siguiente apertura.",
    "due": "Así que la fecha es el {due}.",
    "due-day": "Así que la fecha es el {due}, hasta el final de ese día.",
    "imported": "La fecha, el {due}, la dio el sistema del propio organismo; no se calculó aquí.",
    "first": "La fecha prometida al principio era el {due}.",
    # how it stands
    "held": "Tiempo usado hasta ahora: {used} ({parts}).",
    "held-all": "Tiempo usado: {used} ({parts}).",
    "unused": "Hasta ahora no se ha usado nada de este tiempo.",
    "met": "Se hizo a tiempo, el {at}.",
    "missed": "La fecha ha pasado y aún no está hecho.",
    "late": "Se hizo el {at}, después de la fecha.",
    "cancelled": "Ya no se aplica.",
    "days": {"one": "{n} día", "other": "{n} días"},
    "hours": "{n} h",
    "minutes": "{n} min",
    "moment": "menos de un minuto",
}
