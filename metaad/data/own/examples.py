"""Made tables of the kinds that people bring: card payments, a sensor log, a web log.

Nothing in them was measured anywhere. The anomalies are planted, and `why` says in which
columns, so that an explanation can be checked.
"""

import numpy as np


def card_payments(n=5_000, seed=0):
    """Make card payments with dates, categories and gaps; 1 in 100 is fraud.

    A fraud is large for its shop, at night, and from a country where the card is rarely
    used, each with probability 0.7.

    Returns
    -------
    DataFrame (n, 9): payment_id, time, amount, currency, merchant, country, channel,
    card_age_days (with gaps), is_fraud (0 or 1). why : DataFrame (n, 3) of bool, which
    of amount, time and country make the row odd.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.01
    why = fraud[:, None] & (rng.random((n, 3)) < 0.7)
    merchant = np.minimum(rng.geometric(0.06, n), 60)
    hour = np.clip(rng.normal(14, 3.5, n), 6, 23.9)
    hour = np.where(why[:, 1], rng.uniform(1, 5, n), hour)
    day = np.sort(rng.integers(0, 90, n))
    amount = rng.lognormal(3 + merchant % 5 / 4, 0.5, n)
    amount = np.where(why[:, 0], amount * rng.uniform(20, 60, n), amount)
    country = rng.choice(["DE", "FR", "NL", "AT"], n, p=[0.7, 0.15, 0.1, 0.05])
    country = np.where(why[:, 2], rng.choice(["BR", "NA", "TH"], n), country)
    start = pd.Timestamp("2026-01-01")
    time = start + pd.to_timedelta(day, "D") + pd.to_timedelta(hour * 3600 // 1, "s")
    age = rng.integers(20, 3000, n).astype(float)
    frame = pd.DataFrame(
        {
            "payment_id": [f"P{i:07d}" for i in rng.permutation(n)],
            "time": time.strftime("%Y-%m-%d %H:%M:%S"),
            "amount": amount.round(2),
            "currency": "EUR",
            "merchant": [f"shop {m}" for m in merchant],
            "country": country,
            "channel": rng.choice(["chip", "online", "contactless"], n),
            "card_age_days": np.where(rng.random(n) < 0.06, np.nan, age),
            "is_fraud": fraud.astype(int),
        }
    )
    return frame, pd.DataFrame(why, columns=["amount", "time", "country"])


def sensor_log(n=5_000, seed=0):
    """Make a machine's log, a row per minute, without labels, with gaps and words among
    the numbers; 1 row in 200 breaks the tie of current and temperature.

    Returns
    -------
    DataFrame (n, 5): time, temperature, current, vibration, state. odd : bool (n,).
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    odd = rng.random(n) < 0.005
    load = 1 + 0.5 * np.sin(np.arange(n) / 240 * np.pi) + rng.normal(0, 0.05, n)
    temperature = 40 + 20 * load + rng.normal(0, 0.5, n)
    temperature[odd] += rng.choice([-18, 18], odd.sum())
    vibration = (0.2 + 0.1 * load + rng.normal(0, 0.01, n)).round(4).astype(object)
    vibration[rng.random(n) < 0.003] = "ERR"
    current = np.where(rng.random(n) < 0.01, np.nan, (5 * load).round(3))
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2026-05-01", periods=n, freq="min").astype(str),
            "temperature": temperature.round(2),
            "current": current,
            "vibration": vibration,
            "state": np.where(load > 1, "full", "part"),
        }
    )
    return frame, odd


WEB_LABELS = ("normal", "scan", "injection", "flood", "login")


def web_log(n=5_000, seed=0):
    """Make a web server's log with five labels, `WEB_LABELS`; 3 rows in 100 are attacks.

    Returns
    -------
    DataFrame (n, 7): time (as servers write it), method, path, status, bytes, agent,
    label.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    label = np.where(rng.random(n) < 0.03, rng.integers(1, 5, n), 0)
    start = pd.Timestamp("2026-02-01")
    time = start + pd.to_timedelta(np.sort(rng.integers(0, 7 * 86_400, n)), "s")
    pages = np.array(["/", "/shop", "/cart", "/about", "/search?q=lamp"])
    path = [
        f"{p}?item={i}"
        for p, i in zip(rng.choice(pages, n), rng.integers(0, 400, n), strict=True)
    ]
    odd_paths = {
        1: lambda: f"/{rng.choice(['.git', 'admin', 'wp-login.php', 'backup.zip'])}",
        2: lambda: (
            f"/search?q=1%27+OR+1%3D{rng.integers(9)}--%20UNION+SELECT+*+FROM+users"
        ),
        4: lambda: "/login",
    }
    for row in np.flatnonzero(np.isin(label, list(odd_paths))):
        path[row] = odd_paths[label[row]]()
    size = rng.lognormal(8, 0.6, n)
    size[label == 3] *= 40
    status = np.where(label == 1, 404, np.where(label == 4, 401, 200))
    agents = np.array(["Firefox/140", "Chrome/141", "Safari/19"])
    frame = pd.DataFrame(
        {
            "time": time.strftime("[%d/%b/%Y:%H:%M:%S +0000]"),
            "method": np.where(
                label == 4, "POST", rng.choice(["GET", "POST"], n, p=[0.9, 0.1])
            ),
            "path": path,
            "status": status,
            "bytes": size.astype(int),
            "agent": np.where(label == 1, "curl/8", rng.choice(agents, n)),
            "label": np.array(WEB_LABELS)[label],
        }
    )
    return frame
