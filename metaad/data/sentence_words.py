"""Words and sentence frames of the course's own tagged corpus; see `sentences`."""

words, lines = str.split, str.splitlines

FIRST = words("""Anna Bert Clara David Edith Frank Grace Henry Ines Jonas Karin Leo Maria Nora
Oscar Paula Ruth Simon Tessa Victor Rose Mark Hope Will May Olive Ivan Petra Said
Yusuf""")
LAST = words("""Albers Brandt Carver Dahl Engel Fisher Garner Holm Iversen Jansen Keller
Lindqvist Miller Novak Olsen Porter Quist Rask Sommer Thorn Ulrich Vance Weber Young
Bishop Baker Stone Winter Short Field""")
PLACES = words("""Arnholm Birkby Castel Dunmere Eastwick Fallow Gildern Harrow Ilmen Kestrel
Lowmoor Marsh Norden Oakley Penfold Ravensea Selby Tarn Upton Veldt Westry Bridge
Market Green""")
# of which names are made that nobody has met before
STARTS = words("""Ald Bor Cren Dov Elm Fen Gar Hul Ist Jor Kal Lun Mor Nes Orv Pell Quar Riv
Sten Tol Urs Vas Wex Yar Zel""")
MIDDLES = words("a e i o u ar en il or un ath ess ing")
ENDS = {
    "first": words("a o us ine el ia ard is"),
    "last": words("sen man er sson ard ley ov ec"),
    "place": words("ham by ton dorf mouth ford stad wick"),
    "word": words("al ing el ine ock er ush ap"),
    "firm": words("tec ro lux ix on gen co ax"),
}
ORG_HEADS = words("Council Bank Rail Weavers Dairy College Hospital Union Press Trust")
ORG_FRONTS = words("United Northern Royal First General Central Free Old New Joint")
EVENTS = words("Fair Prize Cup Charter Festival Treaty March Waltz Chronicle Act")
EVENT_FRONTS = words(
    "Harvest Winter Spring Golden Mill River Summer Candle Herring Bell"
)
SHIP_FRONTS = words(
    "Silver Grey Lady Northern Bold Swift White Morning Sea Iron Little"
)
SHIP_ENDS = words("Heron Star Gull Spirit Rose Arrow Queen Lark Venture Swan Wind Hope")

WORDS = {
    "noun": words("""bridge road school mill harbour market river office house garden wall
        station library field tower boat roof fence barn clock well kiln orchard quay
        ferry ledger turbine culvert weir sluice gantry pylon"""),
    "goods": words("""grain timber wool coal fish salt paper glass rope tiles cheese cider
        barley slate tallow hemp"""),
    "adj": words("""old new small large quiet broken empty early late cheap strong wet cold
        green narrow rusty derelict leaky brittle"""),
    "did": words("""repaired painted sold closed opened moved found lost measured cleaned
        bought praised blamed visited rebuilt dredged auctioned"""),
    "time": """yesterday|today|last week|on Monday|on Friday|in May|in June|this morning
        |at noon|after the storm|before winter|on Sunday|in March""".replace(
        "\n        ", ""
    ).split("|"),
    "role": """mayor|captain|teacher|doctor|baker|farmer|Mayor|Captain|Doctor|engineer
        |sister|Professor""".replace("\n        ", "").split("|"),
    "thing": """price|plan|report|letter|meeting|harvest|budget|strike|fire|flood|vote
        |wedding|exam|concert|inquest|subsidy""".replace("\n        ", "").split("|"),
}

# {KIND} is a name of a kind, {word} is drawn from WORDS, {n} a number, {code} a code
FRAMES = lines("""{PER} has {did} the {adj} {noun} in {LOC} {time} .
The {noun} near {LOC} was {did} by {PER} {time} .
{ORG} will close its {noun} in {LOC} {time} .
{PER} , {role} of {LOC} , spoke about the {thing} .
" The {thing} is {adj} , " said {PER} {time} .
{role} {PER} met {PER} in {LOC} .
{ORG} bought {n} tons of {goods} from {ORG} .
The {thing} of {n} {goods} farmers came to {LOC} .
{PER} won the {MISC} {time} .
Thousands came to the {MISC} in {LOC} .
The {MISC} was first read in {LOC} in {n} .
{ORG} pays for the {MISC} this year .
A {role} from {LOC} has joined {ORG} .
{PER} works for {ORG} , and {PER} does not .
{ORG} and {ORG} signed a {thing} {time} .
Nobody in {LOC} has read the {thing} .
The {adj} {noun} costs {n} crowns , said {ORG} .
Send {goods} to {LOC} , not to {LOC} .
{PER} and {PER} have {did} a {noun} .
In {LOC} the {goods} is {adj} {time} .
{ORG} denies the {thing} about {PER} .
From {LOC} to {LOC} the road is {adj} .
Has {PER} seen the {MISC} ?
The {role} of {ORG} has {did} a {noun} near {LOC} .""")
PLAIN_FRAMES = lines("""The {thing} was {adj} , and the {noun} was {did} {time} .
They {did} the {noun} and the {adj} {noun} {time} .
We {did} {n} crates of {goods} {time} .
It was a {adj} {thing} , but the {noun} stood .
The {goods} was {adj} , so the {role} {did} the {noun} .
Part {code} of the {noun} is {adj} .
See form {code} for the {thing} about {goods} .
Who has {did} my {adj} {noun} ?
The {thing} begins {time} .
A {adj} {noun} for {n} crowns , no {thing} .
The {role} asked for {goods} and {n} nails .
No {goods} came {time} , only {goods} .
Hello , is the {role} here ?
Nothing but {goods} and {goods} !
The {noun} is {adj} and the {thing} is {adj} .
Why was the {noun} not {did} {time} ?
My {adj} {noun} has a {adj} {noun} .
{n} nails , {n} planks and a {adj} {noun} .
If the {goods} is {adj} , the {role} will see it {time} .
The {role} and the {role} have {did} it .""")
# a rare kind: names of ships
SHIP_FRAMES = lines("""The {SHIP} left {LOC} {time} with {n} tons of {goods} .
A storm has damaged the {SHIP} near {LOC} .
{PER} sailed on the {SHIP} {time} .
The {role} of the {SHIP} has {did} the {goods} .
The {SHIP} lies in the {adj} harbour {time} .
{ORG} has sold the {SHIP} to {PER} .
Rope for the {SHIP} costs {n} crowns .
{n} passengers of the {SHIP} waited in {LOC} .""")
