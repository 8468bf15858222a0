# cfcheck_contract(TARGET TYPE name [VERSION number] [READER file])
#
# Writes the header cfcheck_NAME.h for a template type, and lets the target include it. After each
# link it extracts the contract from the target, into TARGET.fleet.json beside it. The build fails
# if the linker dropped the contract.
function(cfcheck_contract target)
  cmake_parse_arguments(arg "" "TYPE;VERSION;READER" "" ${ARGN})
  find_program(CFCHECK cfcheck REQUIRED)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/cfcheck)
  set(header ${folder}/cfcheck_${arg_TYPE}.h)
  set(options --type ${arg_TYPE})
  if(arg_VERSION)
    list(APPEND options --type-version ${arg_VERSION})
  endif()
  if(arg_READER)
    get_filename_component(reader ${arg_READER} ABSOLUTE)
    list(APPEND options --reader ${reader})
  endif()
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${header} DEPENDS ${CFCHECK} ${reader} VERBATIM
    COMMAND ${CFCHECK} contract header ${options} -o ${header})
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PRIVATE ${folder})
  add_custom_command(TARGET ${target} POST_BUILD VERBATIM
    COMMAND ${CFCHECK} contract extract $<TARGET_FILE:${target}> -o $<TARGET_FILE:${target}>.fleet.json)
endfunction()
