module coloop

go 1.26.0
