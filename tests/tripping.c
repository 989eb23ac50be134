/* A PKCS#11 module that hands every call on to SoftHSM, but for one C_Sign of a process: that one never returns.
 *
 * TRIP names a file; while it is there, its number says which. Before the call is left hanging the file is renamed, so
 * that whoever waits can cut the power just then: so many signatures are made, and the next one is not.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long (*Sign)(unsigned long, void *, unsigned long, void *, unsigned long *);
typedef unsigned long (*GetFunctionList)(void **);

static void *list[96]; /* the version in the first, then the functions: 68 of them in Cryptoki 2.40 */
static Sign sign;
static int count;

static int tripped(void) {
  const char *path = getenv("TRIP");
  FILE *file = path ? fopen(path, "r") : NULL;
  int at = 0;
  if (file == NULL) return 0;
  if (fscanf(file, "%d", &at) != 1) at = 0;
  fclose(file);
  return at == count;
}

static unsigned long counted_sign(unsigned long session, void *data, unsigned long length, void *made, unsigned long *room) {
  if (made != NULL) count += 1; /* without room for the signature only its length is asked for */
  if (made != NULL && tripped()) {
    char after[4096];
    snprintf(after, sizeof after, "%s.tripped", getenv("TRIP"));
    rename(getenv("TRIP"), after);
    for (;;) pause();
  }
  return sign(session, data, length, made, room);
}

unsigned long C_GetFunctionList(void **found) {
  void *library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
  GetFunctionList theirs = library ? (GetFunctionList)dlsym(library, "C_GetFunctionList") : NULL;
  void *functions = NULL;
  if (theirs == NULL || theirs(&functions) != 0) return 5; /* CKR_GENERAL_ERROR */
  memcpy(list, functions, 69 * sizeof list[0]);
  if (list[1 + C_SIGN] != (void *)counted_sign) sign = (Sign)list[1 + C_SIGN];
  list[1 + C_SIGN] = (void *)counted_sign;
  *found = list;
  return 0;
}
