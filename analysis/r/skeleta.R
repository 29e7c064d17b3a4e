# Reads run files of skeleta; data/schema.md names their parts. Needs hdf5r (Debian: r-cran-hdf5r).

# Reads a run file completely: run$loss$mean and so on are arrays with the axes in the order of
# data/schema.md, [instance, l]; the reversal that R shows is undone. Categories are words, 64-bit
# counts numbers. Each has the attributes axes, units and long_name. attr(run, "file") has the
# attributes of the file.
# Stops, with the reason, if the file is missing, not HDF5, not of skeleta, or of a kind or major
# version that is not known here.
skeleta_open <- function(path) {
  if (!file.exists(path)) stop(path, ": no such file", call. = FALSE)
  if (!hdf5r::is_hdf5(path)) stop(path, ": is not an HDF5 file", call. = FALSE)
  file <- hdf5r::H5File$new(path, "r")
  on.exit(file$close_all())
  attributes <- hdf5r::h5attributes(file)
  skeleta_check_kind(attributes, path)
  groups <- names(file)
  run <- lapply(groups, function(group) {
    names <- names(file[[group]])
    setNames(lapply(names, function(name) skeleta_read(file[[group]][[name]], name)), names)
  })
  structure(setNames(run, groups), file = attributes)
}

skeleta_check_kind <- function(attributes, path) {
  major_version <- 1
  foreign <- function(...) stop(path, ": ", ..., call. = FALSE)
  filetype <- attributes$filetype
  # Files say themselves what else is in them.
  if (is.null(filetype) || !startsWith(filetype, "skeleta ") || filetype == "skeleta model") {
    what <- if (is.null(filetype)) "has no attribute filetype" else
      paste0("its filetype is '", filetype, "'")
    foreign(what, ", but this reader needs 'skeleta estimate' or another command of skeleta")
  }
  version <- attributes$version
  if (length(version) != 2) {
    foreign("has no attribute version of two integers, major and minor")
  }
  if (version[1] != major_version) {
    foreign("is of layout version ", version[1], ".", version[2], ", but this reader knows version ",
            major_version, ".x: use a newer one")
  }
}

# C order reads as Fortran order with the axes reversed.
skeleta_read <- function(dataset, name) {
  attributes <- hdf5r::h5attributes(dataset)
  lengths <- rev(dataset$dims)
  value <- dataset$read()
  value <- if (is.double(value) && !inherits(value, "integer64")) value else as.numeric(value)
  if (length(lengths) > 1) value <- aperm(array(value, rev(lengths)))
  if (!is.null(attributes$flag_meanings)) {
    words <- strsplit(attributes$flag_meanings, " ")[[1]]
    value[] <- words[match(value, attributes$flag_values)]
  }
  axes <- if (is.null(attributes$DIMENSION_LIST)) name else skeleta_axes(attributes$DIMENSION_LIST)
  structure(value, axes = axes, units = attributes$units, long_name = attributes$long_name)
}

# The names of the scales that the axes refer to.
skeleta_axes <- function(references) {
  vapply(references, function(reference) {
    basename(reference$dereference()[[1]]$get_obj_name())
  }, "")
}

# Everything in a run as text that is the same from every reader: attributes by name, then datasets by
# path, their values row-major with 17 digits. The time is left out, and `seed`, which not every tool can hold:
# seed_hex is there. Of more than 200 values the first and last 100 are printed.
skeleta_summary <- function(run) {
  attributes <- attr(run, "file")
  names <- skeleta_sorted(setdiff(names(attributes), c("seed", "seconds")))
  lines <- vapply(names, function(name) {
    value <- attributes[[name]]
    paste(name, if (is.character(value)) gsub("\n", "\\n", value, fixed = TRUE) else
      paste(value, collapse = "."))
  }, "")
  for (group in skeleta_sorted(names(run))) {
    for (name in skeleta_sorted(names(run[[group]]))) {
      lines <- c(lines, skeleta_lines(paste0("/", group, "/", name), run[[group]][[name]]))
    }
  }
  lines
}

# By bytes, as the other readers sort.
skeleta_sorted <- function(names) sort(names, method = "radix")

skeleta_lines <- function(path, value) {
  lengths <- if (is.null(dim(value))) length(value) else dim(value)
  axes <- paste(attr(value, "axes"), lengths, collapse = ", ")
  header <- paste0(path, " [", axes, "] ", attr(value, "units"), ": ", attr(value, "long_name"))
  flat <- if (is.null(dim(value))) as.vector(value) else as.vector(aperm(value))  # row-major
  c(header, paste0("  ", skeleta_values(flat)))
}

skeleta_values <- function(values) {
  if (length(values) > 200) {
    return(paste(skeleta_values(head(values, 100)), "...", skeleta_values(tail(values, 100))))
  }
  if (is.character(values)) return(paste(values, collapse = " "))
  paste(tolower(sprintf("%.17g", values)), collapse = " ")
}
