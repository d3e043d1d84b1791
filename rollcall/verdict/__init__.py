"""What does the evidence prove about one due run?

Pure: evidence and `now` go in, findings come out. `hearing` reads what the witnesses say of a job, `case` what of it is
of one due run; `registration`, `executed`, `status`, `timing`, `output`, `whole` and `look_back` hold one promise a
function against it, `pause` says when none is owed, `upstream` what a job builds on; `scheduler` judges a scheduler.
`judge` chooses the due run and weighs all of it, `judged` is what comes of that.
"""
