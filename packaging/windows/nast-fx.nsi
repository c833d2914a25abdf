; Installer for Windows, from the app's folder; for one user, so that it needs no administrator.
;
;   makensis -DVERSION=0.1.0 -DAPP=... -DICONS=... -DOUT=dist packaging\windows\nast-fx.nsi
;
; Untested on Windows; the tests compile it.
Unicode true
!include "MUI2.nsh"
!include "FileFunc.nsh"

!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\nast-fx"
!define CLASSES "Software\Classes"

Name "nast-fx ${VERSION}"
OutFile "${OUT}/nast-fx-${VERSION}-setup.exe"
InstallDir "$LOCALAPPDATA\Programs\nast-fx"
InstallDirRegKey HKCU "${KEY}" "InstallLocation"
RequestExecutionLevel user
SetCompressor /SOLID lzma

!define MUI_ICON "${ICONS}/nast-fx.ico"
!define MUI_UNICON "${ICONS}/nast-fx.ico"
!insertmacro MUI_PAGE_LICENSE "${APP}/LICENSE"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"

Section "nast-fx"
  ; What an older version had and this one has not would otherwise be found first.
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${APP}/*"
  File "${ICONS}/nast-fx.ico"
  CreateShortcut "$SMPROGRAMS\nast-fx.lnk" "$INSTDIR\nast-fx-gui.exe" "" "$INSTDIR\nast-fx.ico"
  WriteUninstaller "$INSTDIR\uninstall.exe"

  WriteRegStr HKCU "${KEY}" "DisplayName" "nast-fx"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\nast-fx.ico"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" "$0"

  WriteRegStr HKCU "${CLASSES}\.naststyle" "" "nast-fx.style"
  WriteRegStr HKCU "${CLASSES}\nast-fx.style" "" "nast-fx style"
  WriteRegStr HKCU "${CLASSES}\nast-fx.style\DefaultIcon" "" "$INSTDIR\nast-fx.ico"
  WriteRegStr HKCU "${CLASSES}\nast-fx.style\shell\open\command" "" '"$INSTDIR\nast-fx-gui.exe" "%1"'
SectionEnd

Section "Uninstall"
  ; Only what was put here: presets and styles of the user's own are elsewhere, and stay.
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\licenses"
  RMDir /r "$INSTDIR\reaper"
  Delete "$INSTDIR\nast-fx.exe"
  Delete "$INSTDIR\nast-fx-gui.exe"
  Delete "$INSTDIR\nast-fx.ico"
  Delete "$INSTDIR\LICENSE"
  Delete "$INSTDIR\sbom.cdx.json"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\nast-fx.lnk"
  DeleteRegKey HKCU "${KEY}"
  DeleteRegKey HKCU "${CLASSES}\nast-fx.style"
  DeleteRegKey HKCU "${CLASSES}\.naststyle"
SectionEnd
